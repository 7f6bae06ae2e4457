import type { Finish, Finished } from "../../../src/generation/fault/finish.ts";
import type { Nature } from "../../../src/generation/fault/nature.ts";
import { FILTERED, HISTORY, MALFORMED, OVERFLOW, OVERLOADED, UNAVAILABLE } from "./row.ts";

export interface FinishRow {
  readonly name: string;
  readonly finish: Finish;
  readonly about: Finished | undefined;
  /** null: no fault. */
  readonly fault: Nature | null;
}

type Ended = readonly [Finish["unified"], Finish["raw"], Nature | null, Finished?];

const TRUNCATED: Nature = { kind: "truncated" };
const REFUSED: Nature = { kind: "refused" };
const streamed: Finished = { isStreamed: true, arrived: "arguments" };

/** Reasons as the AI SDK's clients map them: the unified word, then the provider's own. */
const ends: readonly Ended[] = [
  ["stop", "stop", null],
  ["stop", "end_turn", null],
  ["stop", "pause_turn", null],
  ["tool-calls", "tool_calls", null],
  ["tool-calls", "tool_use", null, streamed],
  ["length", "length", TRUNCATED],
  ["length", "max_tokens", TRUNCATED, { outputTokens: 4096, outputTokensMax: 4096 }],
  ["length", "MAX_TOKENS", TRUNCATED, streamed],
  ["length", "max_output_tokens", TRUNCATED],
  ["length", "model_context_window_exceeded", OVERFLOW],
  ["length", "max_tokens", OVERFLOW, { outputTokens: 14, outputTokensMax: 4096 }],
  ["length", "length", OVERFLOW, { outputTokens: 0 }],
  ["length", "length", TRUNCATED, { outputTokens: 16, outputTokensMax: 16 }],
  ["content-filter", "content_filter", FILTERED],
  ["content-filter", "SAFETY", FILTERED],
  ["content-filter", "PROHIBITED_CONTENT", FILTERED],
  ["content-filter", "refusal", REFUSED],
  ["content-filter", "stop", REFUSED],
  ["content-filter", undefined, REFUSED],
  ["other", "LANGUAGE", FILTERED],
  ["other", "guardrail_intervened", FILTERED],
  ["error", "MALFORMED_FUNCTION_CALL", MALFORMED],
  ["other", "UNEXPECTED_TOOL_CALL", MALFORMED],
  ["other", "TOO_MANY_TOOL_CALLS", MALFORMED],
  ["other", "MISSING_THOUGHT_SIGNATURE", HISTORY],
  ["other", "insufficient_system_resource", OVERLOADED],
  ["other", "error", UNAVAILABLE],
  ["error", undefined, { kind: "stream_broken", after: "arguments" }, streamed],
  ["error", undefined, MALFORMED],
  ["interrupted", undefined, { kind: "stream_broken", after: "arguments" }, streamed],
  ["other", undefined, { kind: "stream_broken", after: "arguments" }, streamed],
  ["unknown", undefined, null],
  ["other", undefined, null],
  ["other", undefined, MALFORMED, { arrived: "nothing" }],
  ["other", "OTHER", { kind: "unknown" }, { arrived: "nothing" }],
  ["other", "OTHER", null, { arrived: "text" }],
  ["other", "compaction", null, { arrived: "text" }],
];

export const finishes: readonly FinishRow[] = ends.map(([unified, raw, fault, about]) => ({
  name: `${unified}, ${raw ?? "no word"}${about === undefined ? "" : `, ${JSON.stringify(about)}`}`,
  finish: { unified, raw },
  about,
  fault,
}));
