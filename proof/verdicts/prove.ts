/**
 * `prove verdicts`: lying models against the gate, honest ones beside them.
 *
 * Every mutant is an honest script bent by one operator. It is caught when its run does not end
 * succeeded, or when what it left behind is right after all because it was stopped or told. The
 * same mutants go through the same agents without their gate: what ends right there was no mutant.
 */
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { reportOf, type HonestResult, type MutantResult } from "./figures.ts";
import { honestCases } from "./honest.ts";
import { judgeHonest, judgeMutant } from "./judge.ts";
import { embellishmentsOf, mutantsOf } from "./mutant.ts";
import { scenarios } from "./scenarios/all.ts";
import { playCase } from "./trial.ts";
import { openWorld, WIDE, type World } from "./world.ts";

/** Pieces of business for each operator, unless told otherwise; honest manners get twice as many. */
const EACH = 1;
const EACH_MAX = 50;

export const verdictsProof: Proof = {
  name: "verdicts",
  guarantee: "G3 Done is a verdict, not a claim",
  summary: "lies to the gate in every way we know, over real state, and counts false alarms",
  options: [
    {
      name: "each",
      kind: "number",
      placeholder: "N",
      summary: `pieces of business for each way to lie (default ${EACH})`,
    },
  ],
  examples: ["", "--quick", "--json", "--each 5"],
  run,
};

async function run(context: ProofContext): Promise<ProofReport> {
  const each = context.options["each"] ?? EACH;
  if (typeof each !== "number" || !Number.isInteger(each) || each < 1 || each > EACH_MAX) {
    throw new ProofUsageError(`--each needs a whole number from 1 to ${EACH_MAX}.`);
  }
  const tried = scenarios.filter((_scenario, index) => !context.quick || index % 2 === 0);
  const started = Date.now();
  const world = await openWorld(tried);
  try {
    const honest = tried.flatMap((scenario) => honestCases(scenario, each * 2));
    const mutants = tried.flatMap((scenario) => mutantsOf(scenario, each));
    context.progress(`${honest.length} honest runs, ${mutants.length} mutants, each also ungated`);
    const honestResults = await pool(context, honest, async (given): Promise<HonestResult> => {
      const trial = await playCase(world, given, true);
      return { given, wrong: judgeHonest(trial) };
    });
    const mutantResults = await pool(context, mutants, (given) => tryMutant(world, given));
    const embellished = await pool(context, tried.flatMap(embellishmentsOf), async (given) => {
      return { given, gated: judgeMutant(await playCase(world, given, true)) };
    });
    const ms = Date.now() - started;
    return reportOf({
      honest: honestResults,
      mutants: mutantResults,
      embellished,
      quick: context.quick,
      ms,
    });
  } finally {
    await world.close();
  }
}

async function tryMutant(world: World, given: MutantResult["given"]): Promise<MutantResult> {
  const gated = judgeMutant(await playCase(world, given, true));
  const ungated = judgeMutant(await playCase(world, given, false));
  return { given, gated, ungated };
}

/** Works through a list, so many at once; the results stand in the order of the list. */
async function pool<Item, Result>(
  { signal }: ProofContext,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) {
      signal.throwIfAborted();
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: WIDE }, worker));
  return results;
}
