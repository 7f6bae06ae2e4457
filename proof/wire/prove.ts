/**
 * `prove wire`: a run survives its wire, and so do its effects.
 *
 * Three parts. The matrix: each fault of the catalogue meets a run over each provider client that
 * it fits, streamed and whole, once before the effect, once after it, and always. The tools: each
 * fault of a tool meets an effect over HTTP. Side by side: the public tau tasks that write, over a
 * wire with faults in a share of its requests, played by this harness and by others.
 *
 * What the figures flatter and what they do not: every model is simulated, and does not err unless
 * `--model-error` says so. Then this harness has neither gate nor confirmation, as the others have
 * none: it carries out what a wrong model wants, and calls it done (`prove ablation` measures what
 * its checks are worth). The others have their documented best settings and the same patience with
 * a silent request. A rate limit is each task's own, for all of them.
 *
 * Long waits are not waited for: the run is parked, and the clock of its world is moved on.
 *
 * The line of JSON: `{"faults", "cases", "undeclared", "doubled", "silent", "early", "strays",
 * "toolFaults", "toolCases", "toolDoubled", "rows": [{"harness", "version", "wireFaults",
 * "modelError", "tasks", "exact", "silent", "doubled", "ms", …}], "matrix": [{"fault", …}], …}`.
 */
import { findFault, wireFaults } from "../../src/chaos/door.ts";
import { isBridleError } from "../../src/std/error.ts";
import { inLanes } from "../lanes.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { findDataRoot, loadDomain } from "../tau/data.ts";
import { reportOf, type WirePlayed } from "./figures.ts";
import { casesOf } from "./matrix/cases.ts";
import { runMatrix, sampleOf } from "./matrix/run.ts";
import { peers } from "./peers/list.ts";
import type { Peer } from "./peers/peer.ts";
import { openBridle } from "./side/bridle.ts";
import { rowOf, type SideRow } from "./side/figures.ts";
import {
  LANES,
  PATIENCE_MS,
  playColumn,
  type PlayedColumn,
  type Round,
  type Weather,
} from "./side/play.ts";
import { withStrays } from "./strays.ts";
import { writeTasks } from "./tasks.ts";
import { openToolDesk, toolCases, type PlayedTool } from "./tools/play.ts";

const RATES = [0.05, 0.15] as const;
const SEEDS = [1, 2, 3] as const;
/** With `--quick` every n-th task is played. */
const QUICK_EACH = 10;
const TOOL_LANES = 16;

export const wireProof: Proof = {
  name: "wire",
  guarantee: "G1 No accepted work is lost, and G2 No side effect happens twice",
  summary: "breaks the wire to models and tools in every known way, beside other loops",
  options: [
    { name: "only", kind: "text", placeholder: "FAULT", summary: "one fault, over every client" },
    { name: "no-peers", kind: "flag", summary: "leaves the other loops out" },
    {
      name: "model-error",
      kind: "number",
      placeholder: "RATE",
      summary: "plays the tasks also with a model that errs in this share of its decisions",
    },
    {
      name: "seed",
      kind: "number",
      placeholder: "N",
      summary: `one seed for the tasks' faults (default ${SEEDS.join(", ")})`,
    },
    {
      name: "data",
      kind: "text",
      placeholder: "PATH",
      summary: "a folder with checkouts of tau2-bench and tau-bench",
    },
  ],
  examples: ["--json", "--quick", "--only rate_limited_long", "--no-peers --model-error 0.15"],
  run,
};

async function run(context: ProofContext): Promise<ProofReport> {
  const { options, quick } = context;
  const seeds = seedsOf(context);
  const modelError = rateOf(options["model-error"]);
  const { only } = options;
  const started = Date.now();
  const nothing = { tools: [], own: [], others: [], strayOthers: 0 };
  if (typeof only === "string") {
    const cases = casesOf([faultNamed(only)]);
    const { value: matrix, strays } = await withStrays(() => runMatrix(cases, context));
    const setting = { quick, only, seeds, ms: Date.now() - started };
    return reportOf({ ...nothing, matrix, strays }, setting);
  }
  const rounds = roundsOf(context);
  const cases = quick ? sampleOf(wireFaults) : casesOf(wireFaults);
  context.progress(`${wireFaults.length} faults in ${cases.length} cases`);
  const faults = await withStrays(() => runMatrix(cases, context));
  const tools = await withStrays(() => playTools(context));
  const side = await playSide(context, { rounds, seeds, weathers: weathersOf(modelError) });
  const played = {
    ...side,
    matrix: faults.value,
    tools: tools.value,
    strays: [...faults.strays, ...tools.strays, ...side.strays],
  };
  return reportOf(played, { quick, only: null, seeds, ms: Date.now() - started });
}

async function playTools({ progress, signal }: ProofContext): Promise<readonly PlayedTool[]> {
  const cases = toolCases();
  progress(`${cases.length} cases of faulty tools`);
  const desk = await openToolDesk();
  try {
    return await inLanes(cases, TOOL_LANES, (given) => {
      signal.throwIfAborted();
      return desk.play(given);
    });
  } finally {
    await desk.close();
  }
}

type Side = Pick<WirePlayed, "own" | "others" | "strays" | "strayOthers">;

interface SidePlan {
  readonly rounds: readonly Round[];
  readonly weathers: readonly Omit<Weather, "seed">[];
  readonly seeds: readonly number[];
}

async function playSide(context: ProofContext, plan: SidePlan): Promise<Side> {
  const own: SideRow[] = [];
  const others: SideRow[] = [];
  const strays: string[] = [];
  let strayOthers = 0;
  for (const weather of plan.weathers) {
    for (const streams of [false, true]) {
      const domains = plan.rounds.map(({ domain }) => domain);
      const settings = { domains, streams, concurrency: LANES, patienceMs: PATIENCE_MS };
      const bridle = await openBridle(settings);
      try {
        const { row, seen } = await playRow(context, bridle.peer, { plan, weather });
        own.push(row);
        strays.push(...seen);
      } finally {
        await bridle.close();
      }
    }
    for (const peer of rivalsOf(context)) {
      const { row, seen } = await playRow(context, peer, { plan, weather });
      others.push(row);
      strayOthers += seen.length;
    }
  }
  return { own, others, strays, strayOthers };
}

/** One loop in one weather, with each seed in turn. */
async function playRow(
  { signal, progress }: ProofContext,
  peer: Peer,
  { plan, weather }: { readonly plan: SidePlan; readonly weather: Omit<Weather, "seed"> },
): Promise<{ readonly row: SideRow; readonly seen: readonly string[] }> {
  const { value: columns, strays } = await withStrays(async () => {
    const played: PlayedColumn[] = [];
    for (const seed of plan.seeds) {
      played.push(await playColumn(peer, plan.rounds, { weather: { ...weather, seed }, signal }));
    }
    return played;
  });
  const row = rowOf(columns);
  const faults = `${100 * row.wireFaults} % faults, ${100 * row.modelError} % model errors`;
  progress(`${row.harness}: ${faults}, ${row.exact} % exact, ${row.ms} ms`);
  return { row, seen: strays };
}

/** A sample compares with the loop that comes nearest. */
function rivalsOf({ quick, options }: ProofContext): readonly Peer[] {
  if (options["no-peers"] === true) return [];
  return quick ? peers.filter(({ name }) => name.startsWith("AI SDK")) : peers;
}

function weathersOf(modelError: number | null): SidePlan["weathers"] {
  const calm = RATES.map((wireFaults) => ({ wireFaults, modelError: 0 }));
  return modelError === null ? calm : [...calm, { wireFaults: RATES[0], modelError }];
}

function roundsOf({ quick, options }: ProofContext): readonly Round[] {
  const path = options["data"];
  try {
    const root = findDataRoot(typeof path === "string" ? path : undefined);
    const all = (["retail", "airline"] as const).map((name) => {
      const domain = loadDomain(name, root);
      return { domain, tasks: writeTasks(domain) };
    });
    let nth = -1;
    const isTaken = (): boolean => (nth += 1) % QUICK_EACH === 0;
    return quick ? all.map((one) => ({ ...one, tasks: one.tasks.filter(isTaken) })) : all;
  } catch (thrown) {
    throw usageOf(thrown);
  }
}

function faultNamed(name: string): ReturnType<typeof findFault> {
  try {
    return findFault(name);
  } catch (thrown) {
    throw usageOf(thrown);
  }
}

/** What the caller can mend is no broken guarantee. */
function usageOf(thrown: unknown): unknown {
  if (!isBridleError(thrown, "usage") && !isBridleError(thrown, "input_invalid")) return thrown;
  return new ProofUsageError(`${thrown.message} ${thrown.hint ?? ""}`.trim());
}

/** A sample plays with one. */
function seedsOf({ quick, options }: ProofContext): readonly number[] {
  const { seed } = options;
  if (seed === undefined) return quick ? SEEDS.slice(0, 1) : SEEDS;
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return [seed];
  throw new ProofUsageError("--seed needs a whole number.");
}

function rateOf(rate: unknown): number | null {
  if (rate === undefined) return null;
  if (typeof rate === "number" && rate > 0 && rate <= 1) return rate;
  throw new ProofUsageError("--model-error needs a rate above 0 and up to 1.");
}
