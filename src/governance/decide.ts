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
import { isJsonObject, type Json } from "../std/json.ts";

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

/** A decision point slower than this has said no. */
export const DECISION_TIMEOUT_MS = 5_000;

/** Asks the decision point and never throws: what went wrong is a deny with the reason. */
export async function decideCall(
  point: DecisionPoint,
  request: DecisionRequest,
): Promise<Exclude<Verdict, { kind: "ask" }>> {
  try {
    const answered = point(request);
    const verdict = answered instanceof Promise ? await withTimeout(answered) : answered;
    return settleVerdict(verdict);
  } catch (thrown) {
    return deny("decision.error", `the decision point failed: ${errorMessage(thrown)}`);
  }
}

function settleVerdict(verdict: Verdict): Exclude<Verdict, { kind: "ask" }> {
  if (!isJsonObject(verdict)) return deny("decision.invalid", "the decision point gave no verdict");
  switch (verdict.kind) {
    case "allow":
    case "deny":
      return verdict;
    case "ask":
      return {
        kind: "deny",
        rules: verdict.rules,
        reason: `a person must approve this and nobody is there to ask: ${verdict.question}`,
      };
    default:
      return deny("decision.invalid", "the decision point gave an unknown verdict");
  }
}

function deny(rule: string, reason: string): Extract<Verdict, { kind: "deny" }> {
  return { kind: "deny", rules: [rule], reason };
}

async function withTimeout(answer: Promise<Verdict>): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no verdict within ${DECISION_TIMEOUT_MS} ms`));
    }, DECISION_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
