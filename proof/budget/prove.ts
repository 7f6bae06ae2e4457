/**
 * `prove budget`: runs that want more than there is, on every level, in processes that are killed,
 * while a world outside counts what it is paid. Two parts: whole agents through the harness
 * (`harness/`), whose figures stand first, and the ledger driven by hand (`ledger-run.ts`), where
 * windows and slots can be checked to the millisecond.
 */
import type { Proof, ProofContext, ProofReport } from "../proof.ts";
import { runHarness } from "./harness/run.ts";
import { runLedger } from "./ledger-run.ts";

export const budgetProof: Proof = {
  name: "budget",
  guarantee: "G5 Nothing is spent unreserved",
  summary: "a thousand runs in killed processes want more than there is; the world counts",
  options: [
    {
      name: "only",
      kind: "text",
      placeholder: "PART",
      choices: ["harness", "ledger"],
      summary: "one part: whole agents, or the ledger by hand",
    },
  ],
  examples: ["", "--quick", "--only ledger", "--json"],
  run,
};

async function run(context: ProofContext): Promise<ProofReport> {
  const { only } = context.options;
  if (only === "ledger") return runLedger(context);
  const agents = await runHarness(context);
  const quick = { quick: context.quick };
  if (only === "harness") return { ...agents, result: { ...agents.result, ...quick } };
  const ledger = await runLedger(context);
  const [, ...ledgerRows] = ledger.table;
  return {
    result: { ...agents.result, ...quick, ledger: ledger.result },
    table: [
      ...agents.table,
      ...ledgerRows.map(([name = "", ...row]) => [`ledger: ${name}`, ...row]),
    ],
    broken: [...agents.broken, ...ledger.broken],
  };
}
