/** `bridle policy explain`: why one call was allowed, refused or put to a person. */
import { explainDecision } from "../../governance/policy/explain.ts";
import { recordedDecisions, requestOf, type RecordedDecision } from "../../governance/recorded.ts";
import { readEvents } from "../../journal/read-run.ts";
import { BridleError } from "../../std/error.ts";
import { exitCodes } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { openJournal } from "../journal.ts";
import { createOutput } from "../output.ts";
import { inspectAgents } from "../policies.ts";
import { jsonLine, oneLine } from "../render/text.ts";

export interface PolicyExplainOptions {
  readonly store?: string;
  readonly config?: string;
  readonly json?: boolean;
}

const INPUT_CHARS_MAX = 500;

/** `callId` absent: every decision of the run that was no plain yes. */
export async function explainCall(
  named: string,
  callId: string | undefined,
  options: PolicyExplainOptions,
): Promise<number> {
  const { store } = await openJournal(options);
  try {
    const row = await findRun(store, named);
    const all = recordedDecisions(row.runId, await readEvents(store, row.runId));
    const chosen = chooseDecisions(all, callId, row.runId);
    const explain = await explainerOf(row.agent, options);
    const output = createOutput();
    for (const decision of chosen) {
      const lines = [...ownWords(decision), ...explain(decision)];
      if (options.json === true) output.json({ ...decision, lines });
      else print(decision, lines, output.out);
    }
    if (chosen.length === 0) output.say("every call of this run was allowed");
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

function chooseDecisions(
  all: readonly RecordedDecision[],
  callId: string | undefined,
  runId: string,
): readonly RecordedDecision[] {
  if (callId === undefined) return all.filter(({ was }) => was !== "ran");
  const chosen = all.filter((decision) => decision.callId === callId);
  if (chosen.length > 0) return chosen;
  const known = all.map((decision) => decision.callId).join(", ");
  throw new BridleError("usage", `Nothing was decided about a call "${callId}" of run ${runId}`, {
    hint: known === "" ? "No call of this run came to a decision." : `Decided: ${known}.`,
  });
}

/** The agent's policies as they are now; without them the rules' names must do. */
async function explainerOf(
  agent: string,
  { config }: PolicyExplainOptions,
): Promise<(decision: RecordedDecision) => readonly string[]> {
  const named = config === undefined ? {} : { config };
  const inspected = await inspectAgents([], { agent, ...named }).catch(() => []);
  const set = inspected[0]?.inspection.set ?? null;
  if (set === null) return () => [];
  return (decision) => {
    const isPolicy = decision.rules.some(
      (rule) => set.ids.includes(rule) || rule === "policy/none",
    );
    return isPolicy ? explainDecision(set, requestOf(decision)) : [];
  };
}

/** What decides beside policies, in words that need no manual. */
const RULES: Readonly<Record<string, string>> = {
  "intent/not-asked-for":
    "Nothing that was asked for, and is still open, needs this call. Open requests come from the " +
    "start of the run, from confirmations within it, and from people.",
  "labels/doubtful":
    "A sensitive argument holds a value that no trusted source has said: not the person, not the " +
    "instructions, not a trusted field of a result. A person must approve this exact call.",
  "labels/unplanned":
    "The plan was made before anything untrusted was read, and it names no such call.",
  "labels/plan-frozen": "The plan cannot be changed once something untrusted was read.",
  "bridle/cross-tenant": "What it acts on belongs to another tenant. That is never allowed.",
  "resource/unknown": "What it acts on could not be looked up, and not knowing is a no.",
  "policy/none": "No rule of the policies allows this call.",
  "policy/error": "The policies could not be asked, and not knowing is a no.",
  "decision.error": "The decision function failed, and not knowing is a no.",
  "tool/needs-approval": "The tool itself wants a person's yes for each call.",
  limits: "It was allowed, and a rate, a concurrency limit or a budget had no room for it.",
};

function ownWords({ rules, was, words, seen }: RecordedDecision): readonly string[] {
  const known = rules.flatMap((rule) => RULES[rule] ?? []);
  const forbidden = rules.filter((rule) => rule.startsWith("intent/") && RULES[rule] === undefined);
  const approvals = rules.filter((rule) => rule.startsWith("approval/"));
  const shadows = rules.filter((rule) => rule.startsWith("shadow/"));
  const doubts = seen.doubtful ?? [];
  return [
    ...(was === "ran" || words === null ? [] : [words]),
    ...known,
    ...forbidden.map((rule) => `The run was started with the order never to do this: ${rule}.`),
    ...(doubts.length === 0 ? [] : [`Not trusted: ${doubts.join(", ")}.`]),
    ...approvals.map((rule) => `People approved this exact call (${rule}).`),
    ...shadows.map((rule) => `Policies that were not in force would have said: ${rule}.`),
  ];
}

function print(
  { callId, tool, input, was, rules }: RecordedDecision,
  lines: readonly string[],
  out: (line: string) => void,
): void {
  const by = rules.length === 0 ? "no rule" : rules.join(", ");
  out(`${callId}  ${oneLine(tool)} ${jsonLine(input, INPUT_CHARS_MAX)}`);
  out(`  ${was}, by ${oneLine(by)}`);
  for (const line of lines) out(`  ${oneLine(line)}`);
}
