/**
 * The decision point: may this call happen. Code decides, never a prompt.
 *
 * D1 Nothing is called that was not decided on; the same path serves retries, resume and replay.
 * D2 A decision point that throws, times out or answers nonsense has said no.
 * D3 `ask` without someone to ask is no (`orchestration/call-decide` holds this).
 */
import type { Principal } from "../journal/event.ts";
import type { Message } from "../journal/message.ts";
import type { EffectClass } from "../journal/receipt.ts";
import { errorMessage } from "../std/error.ts";
import type { Json, JsonObject } from "../std/json.ts";

export interface DecisionRequest {
  readonly runId: string;
  readonly agent: string;
  readonly principal: Principal | null;
  readonly callId: string;
  readonly tool: string;
  readonly effect: EffectClass;
  /** The arguments as they would be executed. Frozen. */
  readonly input: Json;
  readonly argsHash: string;
  /** What the call acts on, when its tool says so. */
  readonly resource?: {
    readonly type: string;
    readonly id: string;
    readonly tenant?: string;
    readonly version?: string;
    readonly attributes?: JsonObject;
  };
  /** The provider's id of the call: how a client names it, never what it is. */
  readonly toolCallId?: string;
  /** What the model was sent before it asked for this call. */
  readonly messages?: readonly Message[];
}

export type Verdict =
  | { readonly kind: "allow"; readonly rules: readonly string[] }
  | { readonly kind: "deny"; readonly rules: readonly string[]; readonly reason: string }
  | { readonly kind: "ask"; readonly rules: readonly string[]; readonly question: string };

export type DecisionPoint = (request: DecisionRequest) => Verdict | Promise<Verdict>;

/** Allows everything, and says so. */
export const allowAll: DecisionPoint = () => ({ kind: "allow", rules: [] });

/** How long a decision point may take when nothing else is said, ms. */
export const DECIDE_TIMEOUT_MS = 5_000;

/** Asks the decision point and never throws: what went wrong is a deny with the reason. */
export function decideCall(
  asked: { readonly decide: DecisionPoint; readonly decideTimeoutMs: number },
  request: DecisionRequest,
): Verdict | Promise<Verdict> {
  const { decide, decideTimeoutMs } = asked;
  try {
    const answered: unknown = decide(request);
    if (!isThenable(answered)) return settleVerdict(answered);
    return withTimeout(answered, decideTimeoutMs).then(settleVerdict, failed);
  } catch (thrown) {
    return failed(thrown);
  }
}

function failed(thrown: unknown): Verdict {
  return deny("decision.error", `the decision point failed: ${errorMessage(thrown)}`);
}

/** Whatever came back, read with distrust: only a plain "allow" allows. */
function settleVerdict(verdict: unknown): Verdict {
  if (typeof verdict !== "object" || verdict === null || !("kind" in verdict)) {
    return deny("decision.invalid", "the decision point gave no verdict");
  }
  const rules = "rules" in verdict ? rulesOf(verdict.rules) : [];
  switch (verdict.kind) {
    case "allow":
      return { kind: "allow", rules };
    case "deny":
      return { kind: "deny", rules, reason: textOf(verdict, "reason", "a policy forbids it") };
    case "ask":
      return { kind: "ask", rules, question: textOf(verdict, "question", "May this happen?") };
    default:
      return deny("decision.invalid", "the decision point gave an unknown verdict");
  }
}

function rulesOf(rules: unknown): readonly string[] {
  return Array.isArray(rules)
    ? rules.filter((rule): rule is string => typeof rule === "string")
    : [];
}

function textOf(verdict: object, name: string, otherwise: string): string {
  const text: unknown = Object.getOwnPropertyDescriptor(verdict, name)?.value;
  return typeof text === "string" && text !== "" ? text : otherwise;
}

function deny(rule: string, reason: string): Extract<Verdict, { kind: "deny" }> {
  return { kind: "deny", rules: [rule], reason };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

async function withTimeout(answer: PromiseLike<unknown>, timeoutMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no verdict within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
