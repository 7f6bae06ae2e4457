/**
 * `prove crash`: kills a process at every boundary of its runs, resumes in a fresh one, and asks
 * the outside service what really happened.
 *
 * First each run goes through unharmed and tells its boundaries. Then, for each boundary, the same
 * run in a database of its own is killed there and resumed. For one boundary of each effect class
 * the process that resumes is killed too, at each boundary of its own.
 */
import { formatDuration } from "../../src/std/duration.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { reportOf } from "./figures.ts";
import * as plan from "./plan.ts";
import { scenarios, type Scenario } from "./scenario.ts";
import { runTrial, type Trial, type TrialPlan } from "./trial.ts";
import { openWorld, type World } from "../world.ts";

/** A boundary that a run did not come by (its appends fell together) is tried again so often. */
const TRIES_MAX = 5;
/** Unharmed runs of each scenario; together they name the boundaries. */
const REHEARSALS = 2;
const WIDE = 2;

export const crashProof: Proof = {
  name: "crash",
  guarantee: "G1 No accepted work is lost; G2 No side effect happens twice",
  summary: "kills a process at every journal boundary, resumes, and counts effects outside",
  options: [
    { name: "wide", kind: "number", placeholder: "N", summary: `runs at once (default ${WIDE})` },
  ],
  examples: ["", "--quick", "--json", "--wide 8"],
  run,
};

async function run(context: ProofContext): Promise<ProofReport> {
  const wide = context.options["wide"] ?? WIDE;
  if (typeof wide !== "number" || !Number.isInteger(wide) || wide < 1 || wide > 64) {
    throw new ProofUsageError("--wide needs a whole number from 1 to 64.");
  }
  const started = Date.now();
  const world = await openWorld();
  try {
    const bench: Bench = { world, wide, context };
    const once = await planFirst(bench);
    context.progress(`${once.length} boundaries in ${scenarios.length} runs; killing at each`);
    const trials = await runAll(bench, once);
    const twice = await planSecond(bench);
    context.progress(`${twice.length} boundaries of resumes; killing at each`);
    trials.push(...(await runAll(bench, twice)));
    const ms = Date.now() - started;
    context.progress(`${trials.length} trials in ${formatDuration(ms)}`);
    return reportOf(trials, { runs: scenarios.length, quick: context.quick, ms });
  } finally {
    await world.close();
  }
}

interface Bench {
  readonly world: World;
  readonly wide: number;
  readonly context: ProofContext;
}

async function planFirst(bench: Bench): Promise<TrialPlan[]> {
  const { quick } = bench.context;
  const rehearsed = await rehearse(
    bench,
    scenarios.map((scenario) => ({ scenario, stops: [] })),
  );
  return scenarios.flatMap((scenario) => {
    const all = plan.boundariesOf(rehearsed(scenario));
    const more = plan.isKilledTwice(scenario) ? 2 : 1;
    const chosen = quick ? plan.sample(all, plan.vitalBoundary(scenario), more) : all;
    return plan.killOnce(scenario, chosen);
  });
}

async function planSecond(bench: Bench): Promise<TrialPlan[]> {
  const chosen = scenarios.filter(plan.isKilledTwice);
  // Whoever resumes claims first: a boundary that needs no rehearsal.
  if (bench.context.quick) return chosen.flatMap((one) => plan.killTwice(one, ["claim 1 after"]));
  const plans = chosen.map((scenario) => ({ scenario, stops: [plan.vitalBoundary(scenario)] }));
  const rehearsed = await rehearse(bench, plans);
  return chosen.flatMap((scenario) =>
    plan.killTwice(scenario, plan.boundariesOf(rehearsed(scenario))),
  );
}

/** The boundaries that the last process of each plan passes, found out by going through. */
async function rehearse(
  bench: Bench,
  plans: readonly TrialPlan[],
): Promise<(scenario: Scenario) => string[][]> {
  const times = bench.context.quick ? 1 : REHEARSALS;
  const trials = await pool(
    bench,
    Array.from({ length: times }).flatMap(() => plans),
    (one) => runTrial(bench.world, one),
  );
  for (const { scenario, checked } of trials) {
    const [problem] = checked.isLost ? ["the run is lost"] : checked.problems;
    if (problem !== undefined) throw new Error(`${scenario.name}, before any trial: ${problem}`);
  }
  return (scenario) =>
    trials.filter((trial) => trial.scenario === scenario).map(({ passed }) => [...passed]);
}

async function runAll(bench: Bench, plans: readonly TrialPlan[]): Promise<Trial[]> {
  let done = 0;
  return pool(bench, plans, async (one) => {
    const trial = await tryUntilKilled(bench.world, one);
    done += 1;
    if (done % 25 === 0) bench.context.progress(`  ${done} of ${plans.length}`);
    return trial;
  });
}

/** A trial that was not killed where it was to be proves nothing; one that broke is kept. */
async function tryUntilKilled(world: World, one: TrialPlan): Promise<Trial> {
  for (let tries = 1; ; tries++) {
    const trial = await runTrial(world, one);
    const { kills, checked } = trial;
    const isBroken = checked.isLost || checked.doubled > 0 || checked.problems.length > 0;
    if (kills === one.stops.length || isBroken || tries >= TRIES_MAX) return trial;
  }
}

/** Works through a list, so many at once; the results stand in the order of the list. */
async function pool<Item, Result>(
  { wide, context }: Bench,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) {
      context.signal.throwIfAborted();
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: wide }, worker));
  return results;
}
