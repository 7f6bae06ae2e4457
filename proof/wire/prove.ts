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
 * its checks are worth). A rate limit is each run's own here, while this harness takes it for that
 * of everybody who asks the model, and lets all of them wait: its times are longer for that alone.
 * The others have their documented best settings and the same patience with a silent request.
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
import { LANES, PATIENCE_MS, playColumn, type Round, type Weather } from "./side/play.ts";
import { withStrays } from "./strays.ts";
import { writeTasks } from "./tasks.ts";
import { openToolDesk, toolCases, type PlayedTool } from "./tools/play.ts";

const RATES = [0.05, 0.15] as const;
const SEED = 1;
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
    { name: "seed", kind: "number", placeholder: "N", summary: `of all draws (default ${SEED})` },
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
  const seed = seedOf(options["seed"]);
  const modelError = rateOf(options["model-error"]);
  const { only } = options;
  const started = Date.now();
  const nothing = { tools: [], own: [], others: [], strayOthers: 0 };
  if (typeof only === "string") {
    const cases = casesOf([faultNamed(only)]);
    const { value: matrix, strays } = await withStrays(() => runMatrix(cases, context));
    const setting = { quick, only, seed, ms: Date.now() - started };
    return reportOf({ ...nothing, matrix, strays }, setting);
  }
  const rounds = roundsOf(context);
  const cases = quick ? sampleOf(wireFaults) : casesOf(wireFaults);
  context.progress(`${wireFaults.length} faults in ${cases.length} cases`);
  const faults = await withStrays(() => runMatrix(cases, context));
  const tools = await withStrays(() => playTools(context));
  const side = await playSide(context, { rounds, weathers: weathersOf({ seed, modelError }) });
  const played = {
    ...side,
    matrix: faults.value,
    tools: tools.value,
    strays: [...faults.strays, ...tools.strays, ...side.strays],
  };
  return reportOf(played, { quick, only: null, seed, ms: Date.now() - started });
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

async function playSide(
  context: ProofContext,
  given: { readonly rounds: readonly Round[]; readonly weathers: readonly Weather[] },
): Promise<Side> {
  const own: SideRow[] = [];
  const others: SideRow[] = [];
  const strays: string[] = [];
  let strayOthers = 0;
  const play = async (peer: Peer, weather: Weather): Promise<[SideRow, readonly string[]]> => {
    const { signal } = context;
    const { value, strays: seen } = await withStrays(() =>
      playColumn(peer, given.rounds, { weather, signal }),
    );
    const row = rowOf(value);
    const faults = `${100 * row.wireFaults} % faults, ${100 * row.modelError} % model errors`;
    context.progress(`${row.harness}: ${faults}, ${row.exact} % exact, ${row.ms} ms`);
    return [row, seen];
  };
  const rivals = rivalsOf(context);
  for (const weather of given.weathers) {
    for (const streams of [false, true]) {
      const domains = given.rounds.map(({ domain }) => domain);
      const settings = { domains, streams, concurrency: LANES, patienceMs: PATIENCE_MS };
      const bridle = await openBridle(settings);
      try {
        const [row, seen] = await play(bridle.peer, weather);
        own.push(row);
        strays.push(...seen);
      } finally {
        await bridle.close();
      }
    }
    for (const peer of rivals) {
      const [row, seen] = await play(peer, weather);
      others.push(row);
      strayOthers += seen.length;
    }
  }
  return { own, others, strays, strayOthers };
}

/** A sample compares with the loop that comes nearest. */
function rivalsOf({ quick, options }: ProofContext): readonly Peer[] {
  if (options["no-peers"] === true) return [];
  return quick ? peers.filter(({ name }) => name.startsWith("AI SDK")) : peers;
}

function weathersOf(given: {
  readonly seed: number;
  readonly modelError: number | null;
}): readonly Weather[] {
  const { seed, modelError } = given;
  const calm = RATES.map((wireFaults) => ({ wireFaults, modelError: 0, seed }));
  return modelError === null ? calm : [...calm, { wireFaults: RATES[0], modelError, seed }];
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

function seedOf(seed: unknown): number {
  if (seed === undefined) return SEED;
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return seed;
  throw new ProofUsageError("--seed needs a whole number.");
}

function rateOf(rate: unknown): number | null {
  if (rate === undefined) return null;
  if (typeof rate === "number" && rate > 0 && rate <= 1) return rate;
  throw new ProofUsageError("--model-error needs a rate above 0 and up to 1.");
}
