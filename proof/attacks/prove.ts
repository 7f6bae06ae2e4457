/**
 * `prove attacks`: published prompt injections against published tasks, each pair played by an
 * ideal agent, to see how much work goes without a person, and by a model that obeys every word
 * an attacker writes, to see what it achieves. Both are real runs of the harness, through a real
 * server and the provider's client, in worlds that count what was done to them. The single
 * mechanisms are compared by the engine's judgement alone. No rule sees the marks.
 */
import { isBridleError } from "../../src/std/error.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { loadAttacks, type AttackSet } from "./data.ts";
import { openDesk, type Arm } from "./desk.ts";
import { reportOf, type TaskPlayed } from "./figures.ts";
import { mechanisms, playAttacked, playIdeal, type Setting } from "./play.ts";
import { playForReal, type RealTask } from "./real.ts";

/** With `--quick` every n-th task is played. */
const QUICK_EACH = 5;
const PROGRESS_EACH = 20;

export const attacksProof: Proof = {
  name: "attacks",
  guarantee: "G4 Nothing happens ungoverned",
  summary: "plays 629 published injections with a model that obeys the attacker",
  options: [
    {
      name: "data",
      kind: "text",
      placeholder: "PATH",
      summary: "a folder with agentdojo/v1-worst-case.json",
    },
  ],
  examples: ["--json", "--quick"],
  run,
};

async function run({ options, quick, progress, signal }: ProofContext): Promise<ProofReport> {
  const { suites } = openData(options["data"]);
  const started = Date.now();
  const chosen = suites.flatMap((suite) =>
    suite.tasks
      .filter((_task, index) => !quick || index % QUICK_EACH === 0)
      .map((task) => ({ suite, task })),
  );
  progress("the engine, mechanism by mechanism");
  const engine = mechanisms.flatMap((mechanism) =>
    chosen.map((one) => playTask({ ...one, mechanism })),
  );
  const alone = await openDesk(suites, { approver: false });
  const approved = await openDesk(suites, { approver: true });
  const play = async (arm: Arm): Promise<RealTask[]> => {
    const played: RealTask[] = [];
    for (const [done, one] of chosen.entries()) {
      signal.throwIfAborted();
      if (done % PROGRESS_EACH === 0) progress(`runs, mechanisms: ${arm}, ${done} tasks done`);
      played.push(await playForReal({ alone, approved }, { ...one, arm }));
    }
    return played;
  };
  try {
    const runs = await play("all");
    const bareRuns = await play("none");
    return reportOf({ runs, bareRuns, engine }, { quick, ms: Date.now() - started });
  } finally {
    await Promise.all([alone.close(), approved.close()]);
  }
}

function playTask(setting: Setting): TaskPlayed {
  const { suite, task, mechanism } = setting;
  const acting = suite.injections.filter(({ calls }) => calls.length > 0);
  return {
    suite: suite.name,
    task: task.task,
    mechanism,
    ideal: playIdeal(setting),
    attacked: acting.map((injection) => playAttacked(setting, injection)),
  };
}

function openData(path: ProofContext["options"][string]): AttackSet {
  try {
    return loadAttacks(typeof path === "string" ? path : undefined);
  } catch (thrown) {
    if (!isBridleError(thrown, "usage")) throw thrown;
    throw new ProofUsageError(`${thrown.message} ${thrown.hint ?? ""}`.trim());
  }
}
