/** Streams of each API, and the errors that come inside them. */
import type { Nature } from "../../../src/generation/fault/nature.ts";
import { anthropic, google, openai } from "./refusals.ts";
import { OVERFLOW, OVERLOADED, RATE, UNAVAILABLE, wait } from "./row.ts";

/** A stream's events by client: what begins an answer, one piece of it, and errors inside. */
export interface Stream {
  readonly begin: readonly object[];
  readonly call: readonly object[];
  readonly faults: readonly (readonly [object, Nature])[];
}

function chunk(delta: object): object {
  return { id: "c1", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null }] };
}

const calling = {
  tool_calls: [{ index: 0, id: "c1", function: { name: "pay", arguments: '{"cents":' } }],
};
const started = { type: "response.created", response: { id: "r1", created_at: 1, model: "m" } };

export const STREAMS: Readonly<Record<string, Stream>> = {
  responses: {
    begin: [
      started,
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { type: "message", id: "m1", role: "assistant", content: [] },
      },
      { type: "response.output_text.delta", item_id: "m1", output_index: 0, delta: "Hel" },
    ],
    call: [
      started,
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { type: "function_call", id: "f1", call_id: "c1", name: "pay", arguments: "" },
      },
      {
        type: "response.function_call_arguments.delta",
        item_id: "f1",
        output_index: 0,
        delta: '{"ce',
      },
    ],
    faults: [
      [
        {
          type: "error",
          sequence_number: 9,
          error: { type: "t", code: "server_is_overloaded", message: "Full", param: null },
        },
        OVERLOADED,
      ],
      [
        {
          type: "response.failed",
          sequence_number: 9,
          response: { error: { code: "rate_limit_exceeded", message: "try again in 2s" } },
        },
        wait(2000),
      ],
    ],
  },
  chat: {
    begin: [chunk({ role: "assistant", content: "" }), chunk({ content: "Hel" })],
    call: [chunk({ role: "assistant", content: null }), chunk(calling)],
    faults: [
      [openai("The server had an error", null, "server_error"), UNAVAILABLE],
      [openai("Your input exceeds the context window", "context_length_exceeded"), OVERFLOW],
    ],
  },
  anthropic: {
    begin: [
      {
        type: "message_start",
        message: {
          type: "message",
          id: "m1",
          role: "assistant",
          model: "m",
          content: [],
          stop_reason: null,
          usage: { input_tokens: 1, output_tokens: 0 },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
    ],
    call: [
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t1", name: "pay", input: {} },
      },
      {
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '{"ce' },
      },
    ],
    faults: [
      [anthropic("overloaded_error", "Overloaded"), OVERLOADED],
      [anthropic("api_error", "Internal server error"), UNAVAILABLE],
      [anthropic("rate_limit_error", "Limited"), RATE],
    ],
  },
  google: {
    begin: [{ candidates: [{ content: { role: "model", parts: [{ text: "Hel" }] } }] }],
    call: [],
    faults: [
      [google(503, "UNAVAILABLE", "Currently unavailable"), OVERLOADED],
      [google(429, "RESOURCE_EXHAUSTED", "Please retry in 3s."), wait(3000)],
    ],
  },
  compatible: {
    begin: [chunk({ role: "assistant", content: "" }), chunk({ content: "Hel" })],
    call: [chunk({ role: "assistant", content: null }), chunk(calling)],
    faults: [
      [{ error: { code: 502, message: "Upstream died" } }, UNAVAILABLE],
      [{ error: { code: 429, message: "Limited", metadata: { raw: "x" } } }, RATE],
      // A form that the client has no schema for.
      [{ error: { code: 503 } }, OVERLOADED],
    ],
  },
};
