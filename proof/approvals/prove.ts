/**
 * `prove approvals`: every way we know to have a call run that nobody approved, or to have one
 * approval run it twice, each a real run over SQLite with the effects counted outside. Each attack
 * has an approved twin on the same stage, whose payment must happen exactly once: a harness that
 * never pays anything proves nothing.
 *
 * What is not tried here: whoever can rewrite the journal's file can rewrite what was approved,
 * and whoever is signed in as Ann outside is Ann here.
 */
import { openWorld, type World } from "../world.ts";
import type { Proof, ProofContext, ProofReport } from "../proof.ts";
import { annApproves, type Attack } from "./attack.ts";
import { deliveryAttacks } from "./delivery-attacks.ts";
import { Stage } from "./stage.ts";
import { whatAttacks } from "./what-attacks.ts";
import { whoAttacks } from "./who-attacks.ts";

export const approvalsProof: Proof = {
  name: "approvals",
  guarantee: "G4 Nothing happens ungoverned: an approval is one person's yes to one exact call",
  summary: "answers replayed, forged, late, edited, by the wrong people; workers killed under them",
  options: [],
  examples: ["", "--json"],
  run,
};

const attacks: readonly Attack[] = [...whoAttacks, ...whatAttacks, ...deliveryAttacks];

const MODEL_LATENCY_MS = 5;

interface Tried {
  readonly attack: Attack;
  /** Payments that nobody approved. */
  readonly executed: number;
  /** Approved payments that did not happen. */
  readonly missing: number;
  /** The evidence for what stopped it; null when it was something else. */
  readonly stoppedBy: string | null;
  /** Payments of the approved twin. */
  readonly twin: number;
}

async function run(context: ProofContext): Promise<ProofReport> {
  const world = await openWorld(MODEL_LATENCY_MS);
  const started = Date.now();
  try {
    const tried: Tried[] = [];
    for (const [index, attack] of attacks.entries()) {
      context.signal.throwIfAborted();
      tried.push(await tryAttack(world, attack, `attack${index}`));
    }
    return reportOf(tried, Date.now() - started);
  } finally {
    await world.close();
  }
}

async function tryAttack(world: World, attack: Attack, tag: string): Promise<Tried> {
  const { approved = 0, abuse, honest = annApproves } = attack;
  const { stage, applied } = await play(world, attack, { tag, act: abuse });
  const twin = await play(world, attack, { tag: `${tag}twin`, act: honest });
  const evidence = [...stage.said, ...stage.told];
  return {
    attack,
    executed: Math.max(0, applied - approved),
    missing: Math.max(0, approved - applied),
    stoppedBy: evidence.find((line) => attack.stoppedBy.test(line)) ?? null,
    twin: twin.applied,
  };
}

interface Played {
  readonly stage: { readonly said: readonly string[]; readonly told: readonly string[] };
  readonly applied: number;
}

async function play(
  world: World,
  attack: Attack,
  given: { readonly tag: string; readonly act: Attack["abuse"] },
): Promise<Played> {
  const stage = new Stage(world, given.tag, attack.terms?.() ?? {});
  try {
    if (attack.starts !== false) {
      await stage.open();
      await stage.start();
    }
    await given.act(stage);
    await stage.end();
    const told = await stage.journaled();
    return { stage: { said: stage.said, told }, applied: await stage.applied() };
  } finally {
    await stage.close();
    world.dropModel(given.tag);
  }
}

function reportOf(tried: readonly Tried[], ms: number): ProofReport {
  const executed = tried.reduce((sum, each) => sum + each.executed, 0);
  const approvedMissing = tried.reduce((sum, each) => sum + each.missing, 0);
  const controlsExecuted = tried.filter(({ twin }) => twin === 1).length;
  const stopped = tried.filter(({ stoppedBy }) => stoppedBy !== null).length;
  const broken = tried.flatMap((each) => brokenBy(each));
  return {
    result: {
      attacks: tried.length,
      executed,
      stoppedAsNamed: stopped,
      approvedMissing,
      controls: tried.length,
      controlsExecuted,
      ms,
    },
    table: [
      ["attack", "what stopped it", "executed", "approved twin"],
      ...tried.map(({ attack, stoppedBy, executed: count, twin }) => {
        const by = (stoppedBy ?? "nothing that was expected").slice(0, 70);
        return [attack.name, by, String(count), String(twin)];
      }),
    ],
    broken: tried.length === 0 ? ["nothing was tried"] : broken,
  };
}

function brokenBy({ attack, executed, missing, stoppedBy, twin }: Tried): readonly string[] {
  const { name } = attack;
  return [
    ...(executed === 0 ? [] : [`${name}: ${executed} unapproved payments happened`]),
    ...(missing === 0 ? [] : [`${name}: ${missing} approved payments did not happen`]),
    ...(stoppedBy === null ? [`${name}: it was not stopped by ${attack.stoppedBy.source}`] : []),
    ...(twin === 1 ? [] : [`${name}: its approved twin paid ${twin} times`]),
  ];
}
