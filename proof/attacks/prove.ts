/**
 * `prove attacks`: published prompt injections against published tasks, each pair played twice:
 * by an ideal agent, to see how much work goes without a person, and by a model that obeys every
 * word an attacker writes, to see what it achieves. No model is asked; no rule sees the marks.
 */
import { isBridleError } from "../../src/std/error.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { loadAttacks, type AttackSet } from "./data.ts";
import { reportOf, type TaskPlayed } from "./figures.ts";
import { mechanisms, playAttacked, playIdeal, type Setting } from "./play.ts";

/** With `--quick` every n-th task is played. */
const QUICK_EACH = 5;

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
  const played: TaskPlayed[] = [];
  for (const mechanism of mechanisms) {
    signal.throwIfAborted();
    progress(`mechanism: ${mechanism}`);
    for (const suite of suites) {
      const tasks = suite.tasks.filter((_task, index) => !quick || index % QUICK_EACH === 0);
      played.push(...tasks.map((task) => playTask({ suite, task, mechanism })));
    }
  }
  return reportOf(played, { quick, ms: Date.now() - started });
}

function playTask(setting: Setting): TaskPlayed {
  const { suite, task, mechanism } = setting;
  const acting = suite.injections.filter(({ calls }) => calls.length > 0);
  const talking = suite.injections.filter(({ calls }) => calls.length === 0);
  return {
    suite: suite.name,
    task: task.task,
    mechanism,
    ideal: playIdeal(setting),
    attacked: acting.map((injection) => playAttacked(setting, injection)),
    textOnly: talking.map((injection) => playAttacked(setting, injection)),
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
