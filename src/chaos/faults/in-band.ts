/** Errors that come after the provider has said 200. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { FaultContext, Frame, FrameKind, Planned, WireFault } from "../exchange.ts";
import { unmark } from "./damaged-call.ts";
import { objectAt } from "./json-tree.ts";
import {
  errorBody,
  OVERLOADED,
  RATE_LIMITED,
  SERVER_ERROR,
  type ProviderError,
} from "./provider-error.ts";

const CONTENT: readonly (FrameKind | "fault")[] = ["text", "reasoning", "arguments"];

/** The error as the dialect's stream tells it. */
export function errorFrame(context: FaultContext, error: ProviderError, nth: number): Frame {
  const body = errorBody(context.dialect, error);
  switch (context.dialect) {
    case "anthropic":
      return { kind: "fault", event: "error", data: body };
    case "openai-responses": {
      const { code } = error.openai;
      const data = { type: "error", code, message: error.message, param: null };
      return { kind: "fault", event: "error", data: { ...data, sequence_number: nth } };
    }
    case "openai-chat":
    case "gemini":
    default:
      return { kind: "fault", data: body };
  }
}

/** What is sent before the error: up to the first piece of content. */
function throughContent(frames: readonly Frame[]): readonly Frame[] {
  const at = frames.findIndex(({ kind }) => CONTENT.includes(kind));
  return frames.slice(0, at === -1 ? Math.min(1, frames.length) : at + 1);
}

function inBand(name: string, summary: string, error: ProviderError): WireFault {
  return {
    name,
    group: "in_band",
    summary,
    only: "stream",
    answer: unmark,
    frames: (frames, context) => {
      const sent = throughContent(frames);
      return [...sent, errorFrame(context, error, sent.length)];
    },
  };
}

/** The chunk of OpenRouter: an ordinary one with an error beside its choices. */
function openrouterFrames(frames: readonly Frame[]): readonly Frame[] {
  const sent = throughContent(frames);
  const first = sent[0]?.data;
  const data: JsonObject = {
    ...(isJsonObject(first) ? first : {}),
    error: { code: 502, message: "Upstream error from provider", metadata: { raw: "timeout" } },
    choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
  };
  const done = frames.filter(({ kind }) => kind === "done");
  return [...sent, { kind: "fault", data }, ...done];
}

const FAILED: JsonObject = {
  status: "failed",
  error: { code: "server_error", message: SERVER_ERROR.message },
};

/** The end that a response comes to when its model failed. */
function failedFrames(frames: readonly Frame[]): readonly Frame[] {
  const sent = throughContent(frames);
  const opened = objectAt(sent[0]?.data, "response") ?? {};
  const data: Json = {
    type: "response.failed",
    sequence_number: sent.length,
    response: { ...opened, ...FAILED },
  };
  return [...sent, { kind: "fault", event: "response.failed", data }];
}

export const inBandFaults: readonly WireFault[] = [
  inBand(
    "in_band_error",
    "an error event in the middle of a stream that began with 200: overloaded",
    { ...OVERLOADED, message: "Overloaded" },
  ),
  inBand("in_band_server_error", "the same for an error inside the provider", SERVER_ERROR),
  inBand("in_band_rate_limit", "the same for a rate limit, which tells no time", RATE_LIMITED),
  {
    name: "in_band_error_first",
    group: "in_band",
    summary: "a stream whose first event is an error, after a status of 200",
    only: "stream",
    frames: (_frames, context) => [errorFrame(context, OVERLOADED, 0)],
  },
  {
    name: "in_band_openrouter",
    group: "in_band",
    summary: "OpenRouter's form: a chunk with an error member and the finish reason error",
    dialects: ["openai-chat"],
    only: "stream",
    answer: unmark,
    frames: openrouterFrames,
  },
  {
    name: "response_failed",
    group: "in_band",
    summary: "the response ends as failed, in a stream as response.failed",
    dialects: ["openai-responses"],
    frames: failedFrames,
    body: (body) => ({ ...body, ...FAILED, output: [] }),
  },
  {
    name: "error_with_200",
    group: "in_band",
    summary: "an error body under a status of 200, as routers send it",
    only: "whole",
    reply: (context): Planned => ({
      kind: "body",
      status: 200,
      headers: { "content-type": "application/json" },
      body: errorBody(context.dialect, { ...OVERLOADED, message: "Provider returned error" }),
    }),
  },
];
