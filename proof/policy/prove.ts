/**
 * `prove policy`: an airline's written policy as Cedar rules, over the 200 published runs of an
 * agent that was told the same policy in words.
 *
 * Every write that was committed in those runs is put to the policies with the facts of its moment:
 * the database replayed up to it, the call, and what had been said. No model is asked.
 *
 * The rules and the facts were written from the policy's text when of the recorded conversations
 * one had been read (task 0, trial 0). On that first run every rule denied: 76 of the 88 wrong
 * writes were stopped and 75 of the 89 legitimate ones touched; by the rules that look at more than
 * the words of the conversation, 57 and 37. Mended since, and so no longer blind: what is only read
 * from a conversation's words asks the customer or is only watched; who the customer is may follow
 * from a reservation code they know; a reason may be given in more words, a payment method be
 * described in more ways; a flight that has landed late was delayed too. The disputes were found
 * by reading each legitimate write that a rule still touched.
 */
import { mutatePolicies } from "../../src/governance/policy/mutate.ts";
import { isBridleError } from "../../src/std/error.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { findDataRoot, loadDomain } from "../tau/data.ts";
import { loadRecordedRuns } from "../tau/recorded.ts";
import { judgeCorrected } from "./corrected.ts";
import { armAirline, requestOf } from "./decide.ts";
import { reportOf } from "./figures.ts";
import { judgeRuns, type Decide } from "./judged.ts";

export const policyProof: Proof = {
  name: "policy",
  guarantee: "G4 Nothing happens ungoverned",
  summary: "replays 200 published runs and counts the wrong writes that written policy stops",
  options: [
    {
      name: "data",
      kind: "text",
      placeholder: "PATH",
      summary: "a folder with checkouts of tau2-bench and tau-bench",
    },
  ],
  examples: ["--json", ""],
  run,
};

/** `--quick` changes nothing: all of it takes seconds. */
async function run({ options, progress }: ProofContext): Promise<ProofReport> {
  const dataRoot = findData(options["data"]);
  const domain = loadDomain("airline", dataRoot);
  const started = Date.now();
  const policies = await armAirline(domain);
  const decide: Decide = (question) => policies.decide(requestOf(question));
  const runs = loadRecordedRuns(dataRoot);
  progress(`${policies.ids.length} rules over ${runs.length} recorded runs`);
  return reportOf(
    {
      runs: runs.length,
      failedRuns: runs.filter(({ passed }) => !passed).length,
      writes: judgeRuns(domain, runs, decide),
      corrected: judgeCorrected(domain, decide),
      ruleIds: policies.ids,
      policyHash: policies.hash,
      mutation: mutatePolicies(policies),
    },
    Date.now() - started,
  );
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
