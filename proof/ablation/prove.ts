/**
 * `prove ablation`: what each protection is worth, on the public tau retail and airline tasks.
 *
 * A simulated model plays each task's reference solution and errs in a known share of its
 * decisions. The same decisions err in every arm. What it does about an error afterwards is the
 * simulation's, not a real model's: it goes on with the next right call. The customer is a script
 * that knows what is wanted, and stands outside of the harness, as do the reference and the score.
 *
 * What these figures flatter, and what they belittle: the customer reads every proposal and never
 * says yes to a wrong one, so confirmation stops every wrong write; and the model never gives in to
 * a customer who wants what the policy forbids, which is what a written policy is for (`prove
 * policy` measures that on recorded runs). Half of the wrong values in writes are ones that the
 * domain carries out, and unwanted writes are drawn from up to three on the customer's own things
 * and up to three of a stranger's (`slips.ts`): both are assumptions.
 *
 * The policy's share of stopped writes is flattered too: a model that slips to another order or
 * reservation has not read it, and the rules that ask for that are the first to stop it. And the
 * gate alone makes wrong writes likelier, since it sends a model back to work that errs as before.
 *
 * Always on, in every arm: the effect ledger, the check of arguments, the repair hints, the limits.
 *
 * Two things were mended after the first run, which had no errors, so the rules are not blind. Of
 * the retail rules, written from the policy's text, one that was not in it (an address is not
 * changed into itself) denied a reference write and was taken out. And the request counts as the
 * answer to the question for a reason, as in `proof/policy/corrected.ts`: without the question the
 * airline's rules denied the cancellations of tasks 14 and 42 as well.
 *
 * The line of JSON:
 *
 *     {"tasks": 164, "seeds": 3,
 *      "rates": {"0.15": {"none": {…}, "gate": {…}, …, "all": {…}}, …},
 *      "paired": {"0.15": {"none → all": {"better", "worse", "p"}}, …},
 *      "stopped": {"0.15": {"wrongWrites", "confirm", "policy"}, …},
 *      "deniedRight": {rule: calls}, "deniedWrong": {rule: calls},
 *      "projected": {…}, "table": [[…], …], "ms"}
 *
 * and each arm: `n` runs; `safeSuccess` with its Wilson interval `safeLow` to `safeHigh`; `success`,
 * the share that succeeded and is right; the four endings as counts (`verdict.ts` says which is
 * which); `wrongWrites`, committed; `falseStops`, right and yet not succeeded; `passAll`, the share
 * of tasks that succeeded right with every seed; `requestsPerTask`; `reasons` for not succeeding;
 * and the two shares for each domain.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBridleError } from "../../src/std/error.ts";
import type { Json } from "../../src/std/json.ts";
import { endChildren, startChild } from "../child.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { findDataRoot } from "../tau/data.ts";
import { reportOf } from "./figures.ts";
import { readVerdicts } from "./verdict-json.ts";
import type { Verdict } from "./verdict.ts";

const RATES = [0.01, 0.15, 0.3] as const;
const SEEDS = [1, 2, 3] as const;
/** With `--quick` every n-th task is played, at one rate and with one seed. */
const QUICK = { rate: 0.3, seed: 1, each: 8 } as const;
/** Processes at once. */
const LANES = 2;

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

export const ablationProof: Proof = {
  name: "ablation",
  guarantee: "G3 Done is a verdict, and G4 Nothing happens ungoverned",
  summary: "takes gate, confirmation and policy away in turn under a model that errs",
  options: [
    {
      name: "data",
      kind: "text",
      placeholder: "PATH",
      summary: "a folder with checkouts of tau2-bench and tau-bench",
    },
  ],
  examples: ["--json", "--quick"],
  run,
};

interface Order {
  readonly rate: number;
  readonly seed: number;
  readonly each: number;
}

async function run(context: ProofContext): Promise<ProofReport> {
  const data = findData(context.options["data"]);
  const orders: readonly Order[] = context.quick
    ? [QUICK]
    : RATES.flatMap((rate) => SEEDS.map((seed) => ({ rate, seed, each: 1 })));
  const started = Date.now();
  const verdicts = await playAll(data, orders, context);
  return reportOf(verdicts, { quick: context.quick, ms: Date.now() - started });
}

/** Two processes at a time take the orders from one list. */
async function playAll(
  data: string,
  orders: readonly Order[],
  { signal, progress }: ProofContext,
): Promise<readonly Verdict[]> {
  const left = [...orders];
  const cacheFolder = mkdtempSync(join(tmpdir(), "bridle-ablation-"));
  const played: Verdict[] = [];
  const lane = async (): Promise<void> => {
    for (let order = left.shift(); order !== undefined; order = left.shift()) {
      signal.throwIfAborted();
      const verdicts = await playOrder(data, order, cacheFolder);
      played.push(...verdicts);
      progress(`rate ${order.rate}, seed ${order.seed}: ${verdicts.length} runs played`);
    }
  };
  const stop = (): void => void endChildren();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.all(Array.from({ length: Math.min(LANES, orders.length) }, lane));
  } finally {
    signal.removeEventListener("abort", stop);
    await endChildren();
    rmSync(cacheFolder, { recursive: true, force: true });
  }
  return played;
}

async function playOrder(
  data: string,
  { rate, seed, each }: Order,
  cacheFolder: string,
): Promise<readonly Verdict[]> {
  const lines: Json[] = [];
  const child = startChild(PROCESS, [data, String(rate), String(seed), String(each)], {
    onLine: (line) => void lines.push(line),
    cacheFolder,
  });
  const { code, stderr } = await child.ended;
  const verdicts = lines.flatMap(readVerdicts);
  if (code === 0 && verdicts.length > 0) return verdicts;
  throw new Error(`The runs at rate ${rate}, seed ${seed} could not be played: ${stderr}`);
}

/** Data that is not there is the caller's to mend, and no broken guarantee. */
function findData(path: ProofContext["options"][string]): string {
  try {
    return findDataRoot(typeof path === "string" ? path : undefined);
  } catch (thrown) {
    if (!isBridleError(thrown, "usage")) throw thrown;
    throw new ProofUsageError(`${thrown.message} ${thrown.hint ?? ""}`.trim());
  }
}
