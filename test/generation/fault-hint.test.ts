import { expect, test } from "vitest";
import { faultHint } from "../../src/generation/fault/hint.ts";
import { modelFaultKinds, type ModelFault } from "../../src/journal/model-fault.ts";

const about = { provider: "anthropic.messages", modelId: "claude-sonnet-5" };
const message = "m";

const hints: readonly (readonly [ModelFault, string])[] = [
  [{ kind: "rate_limited", message, retryAfterMs: 90_000 }, "in 1 min 30 s"],
  [{ kind: "overloaded", message }, "second route"],
  [{ kind: "unavailable", message, retryAfterMs: 2000 }, "in 2.0 s"],
  [{ kind: "unreachable", message, why: "certificate" }, "NODE_EXTRA_CA_CERTS"],
  [{ kind: "unreachable", message, why: "dns" }, "name server"],
  [{ kind: "unreachable", message, why: "refused" }, "start the server"],
  [{ kind: "unreachable", message, why: "reset" }, "proxy"],
  [{ kind: "unreachable", message, why: "network" }, "proxy"],
  [{ kind: "quota_exhausted", message }, "credit"],
  [{ kind: "context_overflow", message, tokens: 12, tokensMax: 10 }, "from 12 tokens to 10 tokens"],
  [{ kind: "context_overflow", message }, "what fits"],
  [{ kind: "invalid_request", message, about: "history" }, "tool call"],
  [{ kind: "invalid_request", message, about: "model" }, '"claude-sonnet-5"'],
  [{ kind: "invalid_request", message, about: "address" }, "/v1"],
  [{ kind: "invalid_request", message, about: "size" }, "smaller"],
  [{ kind: "invalid_request", message, about: "other" }, "refuses this request"],
  [{ kind: "auth", message, status: 401 }, "ANTHROPIC_API_KEY"],
  [{ kind: "auth", message, status: 403 }, "region"],
  [{ kind: "auth", message, status: 407 }, "proxy"],
  [{ kind: "content_filtered", message }, "filter"],
  [{ kind: "refused", message }, "Rephrase"],
  [{ kind: "truncated", message }, "maxOutputTokens"],
  [{ kind: "stream_broken", message, after: "text" }, "proxies"],
  [{ kind: "timeout", message, phase: "connect" }, "proxy"],
  [{ kind: "timeout", message, phase: "first_byte" }, "longer limit"],
  [{ kind: "timeout", message, phase: "idle" }, "longer limit"],
  [{ kind: "timeout", message, phase: "total" }, "Raise the time limit"],
  [{ kind: "malformed", message }, "answers as anthropic"],
  [{ kind: "model_switched", message, asked: "a-1", answered: "a-2" }, "a-1"],
  [{ kind: "aborted", message }, "resume"],
  [{ kind: "unknown", message }, "Read the message"],
];

for (const [fault, told] of hints) {
  const { message: _, ...rest } = fault;
  test(`the next step after ${JSON.stringify(rest)} names ${told}`, () => {
    const hint = faultHint(fault, about);
    expect(hint).toContain(told);
    expect(hint).toMatch(/^[A-Z][^\n]+\.$/);
    expect(hint.length).toBeLessThan(160);
  });
}

test("every kind has a next step, and a provider nobody knows has one too", () => {
  expect(new Set(hints.map(([{ kind }]) => kind))).toEqual(new Set(modelFaultKinds));
  const hint = faultHint({ kind: "auth", message }, { provider: "acme", modelId: "m" });
  expect(hint).toContain("the key for acme");
});
