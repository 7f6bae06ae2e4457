/**
 * The decision point: may this call happen. Code decides, never a prompt.
 *
 * D1 Nothing is called that was not decided on; the same path serves retries, resume and replay.
 * D2 A decision point that throws, times out or answers nonsense has said no.
 * D3 `ask` without someone to ask is no.
 */
import type { Principal } from "../journal/event.ts";
import type { EffectClass } from "../journal/receipt.ts";
import { errorMessage } from "../std/error.ts";
import type { Json } from "../std/json.ts";

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
): Settled | Promise<Settled> {
  const { decide, decideTimeoutMs } = asked;
  try {
    const answered: unknown = decide(request);
    if (!isThenable(answered)) return settleVerdict(answered);
    return withTimeout(answered, decideTimeoutMs).then(settleVerdict, failed);
  } catch (thrown) {
    return failed(thrown);
  }
}

/** A verdict that stands: nobody is left to ask. */
type Settled = Exclude<Verdict, { kind: "ask" }>;

function failed(thrown: unknown): Settled {
  return deny("decision.error", `the decision point failed: ${errorMessage(thrown)}`);
}

/** Whatever came back, read with distrust: only a plain "allow" allows. */
function settleVerdict(verdict: unknown): Settled {
  if (typeof verdict !== "object" || verdict === null || !("kind" in verdict)) {
    return deny("decision.invalid", "the decision point gave no verdict");
  }
  const rules = "rules" in verdict ? rulesOf(verdict.rules) : [];
  switch (verdict.kind) {
    case "allow":
      return { kind: "allow", rules };
    case "deny":
      return { kind: "deny", rules, reason: textOf(verdict, "reason", "a policy forbids it") };
    case "ask": {
      const question = textOf(verdict, "question", "may this happen?");
      const reason = `a person must approve this and nobody is there to ask: ${question}`;
      return { kind: "deny", rules, reason };
    }
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
