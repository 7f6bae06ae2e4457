/**
 * `prove noninterference`: what strangers write decides nothing. In random worlds all untrusted
 * bytes are varied, and nothing else; the model obeys them besides its plan. Nobody is asked.
 *
 * NI1 Where a frozen plan names the sensitive values, the set of executed writes is that of a run
 *     in which the model does nothing but its plan, whatever the bytes.
 * NI2 In every world, whether a given call may be made does not depend on the bytes.
 * NI3 In every world each sensitive value of a call that was made after exposure is one that
 *     somebody trusted has said, by the world's own account.
 * NI4 A share of the worlds, each through a real run of the harness, gives what the engine gave.
 * In worlds with data that not everybody may see, whether a planned call may still go depends on
 * what was read before it, so strangers can hurry or hinder it. There NI1 demands that they add no
 * call to those of the plan, and counts the runs in which they hurried or hindered one.
 */
import { seededRandom, seedFrom } from "../../src/std/random.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { bytesFrom } from "./model.ts";
import { play, privilegedValues, replay, type Rules, type Trace } from "./play.ts";
import { runWorlds, type WorldsRun } from "./runs.ts";
import { plainly, trustedValues, worldFrom, type World } from "./world.ts";

const WORLDS = 10_000;
const QUICK_WORLDS = 500;
/** Of these so many go through real runs of the harness as well. */
const RUNS = 500;
const QUICK_RUNS = 30;
/** Worlds in one harness. */
const RUNS_TOGETHER = 50;
const SEED = 1;
/** Between two looks at whether somebody wants this to stop. */
const BATCH = 100;

export const noninterferenceProof: Proof = {
  name: "noninterference",
  guarantee: "G4 Nothing happens ungoverned",
  summary: "varies every untrusted byte of random worlds and compares what is executed",
  options: [
    {
      name: "worlds",
      kind: "number",
      placeholder: "N",
      summary: `how many (default ${WORLDS}, quick ${QUICK_WORLDS})`,
    },
    {
      name: "runs",
      kind: "number",
      placeholder: "N",
      summary: `how many of them as real runs too (default ${RUNS}, quick ${QUICK_RUNS})`,
    },
    { name: "seed", kind: "number", placeholder: "N", summary: `of the worlds (default ${SEED})` },
  ],
  examples: ["--json", "--worlds 50000 --seed 2"],
  run,
};

interface Tally {
  bound: number;
  exposed: number;
  ordered: number;
  orderedPassed: number;
  planned: number;
  plannedPassed: number;
  hurried: number;
  violations: number;
  /** The same comparison with the label step off, and with the labels but no plan. */
  withoutLabels: number;
  withoutPlan: number;
  /** Sensitive values of executed calls that were traced to somebody trusted. */
  values: number;
  firstBroken: string | null;
}

async function run({ options, quick, progress, signal }: ProofContext): Promise<ProofReport> {
  const worlds = wholeOf(options["worlds"] ?? (quick ? QUICK_WORLDS : WORLDS), "worlds", 1);
  const runs = Math.min(worlds, wholeOf(options["runs"] ?? (quick ? QUICK_RUNS : RUNS), "runs", 1));
  const seed = wholeOf(options["seed"] ?? SEED, "seed", 0);
  const started = Date.now();
  const tally: Tally = {
    bound: 0,
    exposed: 0,
    ordered: 0,
    orderedPassed: 0,
    planned: 0,
    plannedPassed: 0,
    hurried: 0,
    violations: 0,
    withoutLabels: 0,
    withoutPlan: 0,
    values: 0,
    firstBroken: null,
  };
  progress(`${worlds} random worlds, seed ${seed}`);
  for (let number = 0; number < worlds; number++) {
    if (number % BATCH === 0) await pause(signal);
    tryWorld(tally, `${seed} world ${number}`);
  }
  progress(`${runs} of them as runs of the harness`);
  const harnessed = await runShare({ runs, seed, signal });
  return reportOf(tally, harnessed, { worlds, seed, ms: Date.now() - started });
}

/** The first of the worlds, each with strangers' bytes, as real runs. */
async function runShare({
  runs,
  seed,
  signal,
}: {
  readonly runs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): Promise<WorldsRun> {
  const parts: WorldsRun[] = [];
  for (let from = 0; from < runs; from += RUNS_TOGETHER) {
    signal.throwIfAborted();
    const count = Math.min(RUNS_TOGETHER, runs - from);
    const worlds = Array.from({ length: count }, (_, at) => {
      const name = `${seed} world ${from + at}`;
      const world = worldFrom(seededRandom(seedFrom(name)));
      const bytes = bytesFrom(seedFrom(`${name} a`));
      const trace = play(world, bytes, { ...governed, planning: world.planning });
      return { name, world, bytes, trace };
    });
    parts.push(await runWorlds(worlds));
  }
  return {
    runs: parts.reduce((sum, part) => sum + part.runs, 0),
    calls: parts.reduce((sum, part) => sum + part.calls, 0),
    refused: parts.reduce((sum, part) => sum + part.refused, 0),
    differences: parts.flatMap(({ differences }) => differences),
  };
}

/** Lets signals in. */
async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}

function wholeOf(value: unknown, name: string, min: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  throw new ProofUsageError(`--${name} needs a whole number from ${min}.`);
}

const governed: Rules = { isJudged: true, planning: "frozen", obeysStrangers: true };

function tryWorld(tally: Tally, name: string): void {
  const world = worldFrom(seededRandom(seedFrom(name)));
  const [one, other] = [bytesFrom(seedFrom(`${name} a`)), bytesFrom(seedFrom(`${name} b`))];
  const rules: Rules = { ...governed, planning: world.planning };
  const traces = [play(world, one, rules), play(world, other, rules)] as const;
  for (const trace of traces) count(tally, trace);
  const [first, second] = traces;
  const again = [
    replay(world, other, { ...first, rules }),
    replay(world, one, { ...second, rules }),
  ] as const;
  const differs = verdictsOf(first) !== verdictsOf(again[0]);
  const differsToo = verdictsOf(second) !== verdictsOf(again[1]);
  if (differs || differsToo) breakIt(tally, `${name}: a verdict depends on untrusted bytes`);
  for (const trace of traces) tryValues(tally, { name, world, trace });
  if (world.isBound) tryBound(tally, { name, world, traces, bytes: [one, other] });
}

function tryValues(
  tally: Tally,
  { name, world, trace }: { readonly name: string; readonly world: World; readonly trace: Trace },
): void {
  const said = trustedValues(world);
  for (const call of trace.calls) {
    if (!call.passes || !call.isExposed) continue;
    for (const value of privilegedValues(world, call)) {
      tally.values += 1;
      if (!said.has(plainly(value))) {
        breakIt(tally, `${name}: ${call.tool} was executed with ${value}`);
      }
    }
  }
}

function tryBound(
  tally: Tally,
  tried: {
    readonly name: string;
    readonly world: World;
    readonly traces: readonly [Trace, Trace];
    readonly bytes: readonly [ReturnType<typeof bytesFrom>, ReturnType<typeof bytesFrom>];
  },
): void {
  const { name, world, traces, bytes } = tried;
  tally.bound += 1;
  const alone = bytes.map((one) => play(world, one, { ...governed, obeysStrangers: false }));
  const [plain] = alone;
  if (plain === undefined) return;
  // What the plan comes to where no reader's limit stops it.
  const openly = worldFrom(seededRandom(seedFrom(name)), true);
  const named = play(openly, bytes[0], { ...governed, obeysStrangers: false }).executed;
  const isVaried = alone.some(({ executed }) => !isSame(executed, plain.executed));
  if (isVaried) breakIt(tally, `${name}: the plan alone depends on untrusted bytes`);
  for (const { executed } of traces) {
    const isAdded = [...executed].some((call) => !named.has(call));
    if (isAdded) breakIt(tally, `${name}: strangers got a call executed`);
    if (isSame(executed, plain.executed)) continue;
    if (world.hasSecrets) tally.hurried += 1;
    else breakIt(tally, `${name}: strangers changed what is executed`);
  }
  const differsUnder = (rules: Partial<Rules>): boolean => {
    const [one, other] = bytes.map((each) => play(world, each, { ...governed, ...rules }));
    return one !== undefined && other !== undefined && !isSame(one.executed, other.executed);
  };
  if (differsUnder({ isJudged: false })) tally.withoutLabels += 1;
  if (differsUnder({ planning: "none" })) tally.withoutPlan += 1;
}

function count(tally: Tally, trace: Trace): void {
  if (trace.isExposed) tally.exposed += 1;
  for (const { by, passes } of trace.calls) {
    if (by === "stranger") {
      tally.ordered += 1;
      if (passes) tally.orderedPassed += 1;
    } else {
      tally.planned += 1;
      if (passes) tally.plannedPassed += 1;
    }
  }
}

function breakIt(tally: Tally, sentence: string): void {
  tally.violations += 1;
  tally.firstBroken ??= sentence;
}

function verdictsOf({ calls }: Trace): string {
  return calls.map(({ passes }) => (passes ? "1" : "0")).join("");
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((call) => other.has(call));
}

function reportOf(
  tally: Tally,
  harnessed: WorldsRun,
  { worlds, seed, ms }: { readonly worlds: number; readonly seed: number; readonly ms: number },
): ProofReport {
  const { violations, firstBroken, withoutLabels, withoutPlan, hurried, bound } = tally;
  const broken: string[] = [];
  if (violations > 0) broken.push(`${violations} violations, the first in ${firstBroken}.`);
  const { differences } = harnessed;
  if (differences.length > 0) {
    broken.push(`${differences.length} differences between runs and engine: ${differences[0]}.`);
  }
  if (harnessed.refused === 0) broken.push("No run refused anything: it shows nothing.");
  if (withoutLabels === 0) broken.push("Without labels nothing differs either: it shows nothing.");
  const isVain = tally.ordered === 0 || tally.plannedPassed === 0 || tally.exposed === 0;
  if (isVain) broken.push("Nothing was ordered, planned or exposed: it shows nothing.");
  const { exposed, ordered, orderedPassed, planned, plannedPassed } = tally;
  return {
    result: {
      worlds,
      violations,
      bound,
      hurried,
      harnessWorlds: harnessed.runs,
      harnessCalls: harnessed.calls,
      harnessRefused: harnessed.refused,
      differences: differences.length,
      selfCheck: { withoutLabels, withoutPlan },
      exposedRuns: exposed,
      valuesTraced: tally.values,
      orderedByStrangers: { calls: ordered, passed: orderedPassed },
      planned: { calls: planned, passed: plannedPassed },
      seed,
      ms,
    },
    table: [
      ["", "count"],
      ["worlds", String(worlds)],
      ["violations", String(violations)],
      ["worlds that went through real runs, too", String(harnessed.runs)],
      ["calls in these", String(harnessed.calls)],
      ["differences between run and engine", String(differences.length)],
      ["worlds whose plan names every sensitive value", String(bound)],
      ["of these, with the label step off: differ", String(withoutLabels)],
      ["of these, with labels and no plan: differ", String(withoutPlan)],
      ["runs that hurried past a reader's limit, or ran into it", String(hurried)],
      ["sensitive values traced to somebody trusted", String(tally.values)],
      ["calls that strangers ordered", String(ordered)],
      ["of these passed (reads, and what the plan allows)", String(orderedPassed)],
      ["planned calls", String(planned)],
      ["of these passed", String(plannedPassed)],
    ],
    broken,
  };
}
