/**
 * The gate between "the model says done" and `succeeded` (G3): code checks the obligations, the
 * report and the postconditions against receipts and real state.
 *
 * V1 `succeeded` only after every check said so in this very state; a met gate and the run's end
 *    are one commit.
 * V2 A check that throws, hangs or gives no plain answer is unmet, and the journal says so.
 * V3 Unmet checks go back to the model a bounded number of times; then the run ends with the list
 *    or waits for a person.
 * V4 The gate asks no model. When everything is met it costs no model call.
 */
import type { UnmetCheck } from "../journal/outcome.ts";
import { hashJson } from "../std/hash.ts";
import type { Json } from "../std/json.ts";
import type { Receipt } from "../journal/receipt.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import type { InputSchema } from "../tools/schema.ts";
import type { Agent } from "./agent.ts";
import {
  prepareCondition,
  type GateFacts,
  type ReadyCondition,
  type ReadyPostcondition,
} from "./intent.ts";
import { judgeDeclines } from "./decline.ts";
import { standings } from "./obligation.ts";
import { checkReport } from "./report.ts";
import type { Session } from "./session.ts";

export interface GateResult {
  /** How many checks were made. */
  readonly checks: number;
  readonly unmet: readonly UnmetCheck[];
  /** Checks that could not be made: nothing the model could put right. */
  readonly broken: number;
}

/** Whether anything is to be checked when this run's model stops. */
export function hasGate(session: Session, agent: Agent): boolean {
  const { created, obligations } = session.state;
  return (
    agent.gate.postconditions.length > 0 ||
    obligations.length > 0 ||
    (created?.intent?.conditions?.length ?? 0) > 0 ||
    agent.report === "cited" ||
    agent.claims.length > 0
  );
}

/** Makes every check. Nothing is written here. */
export async function runGate(
  session: Session,
  agent: Agent,
  text: string | null,
): Promise<GateResult> {
  const { state } = session;
  const conditions = await startConditions(session, agent);
  const checks = [...agent.gate.postconditions, ...conditions];
  const obligations = standings(state);
  const open = obligations.flatMap((standing): readonly UnmetCheck[] => {
    if (standing.kind !== "open") return [];
    const { id, what, tool } = standing.obligation;
    return [{ id, kind: "obligation", what, why: `no receipt of ${tool} meets it` }];
  });
  const said = checkReport(text ?? "", {
    receipts: state.receipts.toArray(),
    claims: agent.claims,
    cited: agent.report === "cited" && text !== null,
    input: state.created?.input ?? null,
  });
  const denied = judgeDeclines(state, text ?? "").contradicted.map(({ id, callId }) => {
    const why = `it was done (${callId}): report it, or undo it and say so`;
    return { what: `The report declines ${id}`, why };
  });
  const reported = [...said, ...denied].map(({ what, why }, index): UnmetCheck => {
    return { id: `report-${index + 1}`, kind: "report", what, why };
  });
  const results = await Promise.all(
    checks.map((check) => runCheck(session, check, { agent, text })),
  );
  const failed = results.filter((result) => result !== null);
  const reportChecks = agent.claims.length + (agent.report === "cited" ? 1 : 0);
  return {
    checks: obligations.length + reportChecks + checks.length,
    unmet: [...open, ...reported, ...failed.map(({ unmet }) => unmet)],
    broken: failed.filter(({ isBroken }) => isBroken).length,
  };
}

/** Postconditions that came with the run, as data. */
async function startConditions(
  session: Session,
  agent: Agent,
): Promise<readonly ReadyPostcondition[]> {
  const conditions = session.state.created?.intent?.conditions ?? [];
  const tools = [...agent.tools.keys()];
  return Promise.all(
    conditions.map(async (condition): Promise<ReadyPostcondition> => {
      const { name } = condition;
      try {
        const ready = await compiled(hashJson({ condition, tools }), () =>
          prepareCondition(condition, { where: "The intent", tools }),
        );
        return { kind: "must", name, condition: ready };
      } catch (thrown) {
        // It was sound when the run was accepted: the agent has changed since.
        return { kind: "must", name, check: () => Promise.reject(thrown) };
      }
    }),
  );
}

/** Conditions of running runs, compiled once. The oldest go first. */
const cache = new Map<string, Promise<ReadyCondition>>();
const CACHE_MAX = 1_000;

function compiled(key: string, make: () => Promise<ReadyCondition>): Promise<ReadyCondition> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  if (cache.size > CACHE_MAX) cache.delete(cache.keys().next().value ?? key);
  return made;
}

interface Failed {
  readonly unmet: UnmetCheck;
  readonly isBroken: boolean;
}

async function runCheck(
  session: Session,
  check: ReadyPostcondition,
  given: { readonly agent: Agent; readonly text: string | null },
): Promise<Failed | null> {
  const { kind, name } = check;
  const deadline = startDeadline(given.agent.gate.checkTimeoutMs, session.abort);
  try {
    const facts = factsOf(session, given.text, deadline.stop.signal);
    const asked = ask(check, facts);
    const answer: unknown = await untilAborted(asked, deadline.stop);
    const why = complaint(kind, answer);
    if (why === null) return null;
    const isBroken = why === NO_ANSWER;
    return { unmet: { id: name, kind, what: name, why }, isBroken };
  } catch (thrown) {
    const why = `${UNCHECKED}: ${errorMessage(thrown).slice(0, 500)}`;
    return { unmet: { id: name, kind, what: name, why }, isBroken: true };
  } finally {
    deadline.end();
  }
}

async function ask(check: ReadyPostcondition, facts: GateFacts): Promise<unknown> {
  if (check.condition !== undefined) return countReceipts(check.condition, facts.receipts);
  return check.check?.(facts);
}

function factsOf(session: Session, text: string | null, abortSignal: AbortSignal): GateFacts {
  const { created, receipts, runId } = session.state;
  return {
    runId,
    input: created?.input ?? null,
    principal: created?.principal ?? null,
    receipts: receipts.toArray(),
    obligations: standings(session.state),
    text,
    abortSignal,
  };
}

const UNCHECKED = "it could not be checked";
const NO_ANSWER = `${UNCHECKED}: the check gave no plain answer`;
const NOT_SO = "it does not hold";
const IS_SO = "it is so";
const OWN_WORDS: ReadonlySet<string> = new Set([UNCHECKED, NOT_SO, IS_SO]);

/** Why the answer means unmet; null when it means met. */
function complaint(kind: "must" | "never", answer: unknown): string | null {
  if (typeof answer === "boolean") {
    const holds = answer === (kind === "must");
    if (holds) return null;
    return kind === "must" ? NOT_SO : IS_SO;
  }
  if (typeof answer === "string") return answer.slice(0, 500) || NO_ANSWER;
  if (!Array.isArray(answer) || !answer.every((line) => typeof line === "string")) return NO_ANSWER;
  return answer.length === 0 ? null : answer.join("; ").slice(0, 500);
}

/** Always a list of complaints, whichever kind the postcondition is. */
async function countReceipts(
  condition: ReadyCondition,
  receipts: readonly Receipt[],
): Promise<readonly string[]> {
  const { tool, min, max } = condition;
  let count = 0;
  for (const receipt of receipts) {
    if (receipt.tool !== tool) continue;
    const isInput = await fits(condition.input, receipt.input);
    if (isInput && (await fits(condition.output, receipt.output))) count += 1;
  }
  const wanted = max === min ? `${min}` : max === null ? `at least ${min}` : `${min} to ${max}`;
  if (count >= min && (max === null || count <= max)) return [];
  return [`${count} such ${count === 1 ? "receipt" : "receipts"} of ${tool}, ${wanted} wanted`];
}

async function fits(schema: InputSchema | null, value: Json): Promise<boolean> {
  return schema === null || (await schema.check(value)).ok;
}

/** What the model is told, with the way out of each kind of item. */
export function unmetText(
  unmet: readonly UnmetCheck[],
  obligations: readonly DeclinableView[],
): string {
  const lines = unmet.map(({ id, kind, what, why }) => {
    const named = kind === "obligation" ? `${id}: ${what}` : what;
    return `- ${kind === "never" ? "Must not be: " : ""}${named} (${told(why)})`;
  });
  const open = new Set(unmet.map(({ id }) => id));
  const mayDecline = obligations.some(({ id, declinable }) => declinable === true && open.has(id));
  const decline = mayDecline
    ? " What you decide not to do, decline with a line `DECLINED <id>: <reason>`."
    : "";
  return (
    `This is not done yet. Checked by code, not by you:\n${lines.join("\n")}\n` +
    `Do what is missing, or correct your report, then finish.${decline}`
  );
}

interface DeclinableView {
  readonly id: string;
  readonly declinable?: boolean;
}

/**
 * True when what the model is told of these holds words that a check may have read somewhere: the
 * complaint of a postcondition in its author's code. Everything else is the harness's own, or was
 * in the run before.
 */
export function quotesOutside(
  unmet: readonly UnmetCheck[],
  tools: { has(name: string): boolean },
): boolean {
  return unmet.some(({ kind, why }) => {
    const isCode = kind === "must" || kind === "never";
    const [, counted = ""] = COUNTED.exec(why) ?? [];
    return isCode && !OWN_WORDS.has(told(why)) && !tools.has(counted);
  });
}

const COUNTED = /^\d+ such receipts? of (\S+), (?:at least )?\d+(?: to \d+)? wanted$/;

/** What went wrong inside a check is for its author, not for the model. */
function told(why: string): string {
  return why.startsWith(UNCHECKED) ? UNCHECKED : why;
}
