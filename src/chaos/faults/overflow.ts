/** The context is too long for the model, in each provider's wording. */
import type { ChatAnswer } from "../chat.ts";
import type { Dialect, WireFault } from "../exchange.ts";
import { finishAs } from "./finish.ts";
import { errorFrame } from "./in-band.ts";
import { errorReply, type ProviderError } from "./provider-error.ts";

function overflow(message: string, code: string | null = "context_length_exceeded"): ProviderError {
  return {
    status: 400,
    message,
    openai: { type: "invalid_request_error", code },
    anthropic: "invalid_request_error",
    gemini: "INVALID_ARGUMENT",
  };
}

interface Wording {
  readonly name: string;
  readonly summary: string;
  readonly dialects: readonly Dialect[];
  readonly error: ProviderError;
}

function worded({ name, summary, dialects, error }: Wording): WireFault {
  return {
    name,
    group: "overflow",
    summary,
    dialects,
    reply: (context) => errorReply(context, error),
  };
}

const IN_STREAM: ProviderError = overflow(
  "Your input exceeds the context window of this model. Please adjust your input and try again.",
);

/** Bedrock stops a little after it began when the answer no longer fits. */
const WORDS_BEFORE_STOP = 8;

function cutShort(answer: ChatAnswer): ChatAnswer {
  const words = (answer.text ?? "Let me look into that and").split(" ").slice(0, WORDS_BEFORE_STOP);
  return { kind: "answer", text: words.join(" "), finishReason: "length" };
}

export const overflowFaults: readonly WireFault[] = [
  worded({
    name: "overflow",
    summary: "400 context_length_exceeded, in the words of OpenAI",
    dialects: ["openai-chat", "openai-responses"],
    error: overflow(
      "This model's maximum context length is 128000 tokens. However, your messages resulted in " +
        "131527 tokens. Please reduce the length of the messages.",
    ),
  }),
  worded({
    name: "overflow_anthropic",
    summary: "400 prompt is too long, in the words of Anthropic",
    dialects: ["anthropic"],
    error: overflow("prompt is too long: 208411 tokens > 200000 maximum"),
  }),
  worded({
    name: "overflow_output",
    summary: "400 because the tokens reserved for the answer no longer fit, as Anthropic says it",
    dialects: ["anthropic"],
    error: overflow(
      "input length and `max_tokens` exceed context limit: 178211 + 32000 > 200000, " +
        "decrease input length or `max_tokens` and try again",
    ),
  }),
  worded({
    name: "overflow_vllm",
    summary: "400 in the words of vLLM, without a code",
    dialects: ["openai-chat"],
    error: overflow(
      "This model's maximum context length is 32768 tokens. However, you requested 0 output " +
        "tokens and your prompt contains at least 32769 input tokens, for a total of at least " +
        "32769 tokens. Please reduce the length of the input prompt.",
      null,
    ),
  }),
  worded({
    name: "overflow_openrouter",
    summary: "400 in the words of OpenRouter, which counts text, tools and output",
    dialects: ["openai-chat"],
    error: overflow(
      "This endpoint's maximum context length is 131072 tokens. However, you requested about " +
        "140211 tokens (128003 of text input, 4208 of tool input, 8000 in the output). Please " +
        "reduce the length of either one.",
      null,
    ),
  }),
  worded({
    name: "overflow_gemini",
    summary: "400 INVALID_ARGUMENT, in the words of Gemini",
    dialects: ["gemini"],
    error: overflow(
      "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
    ),
  }),
  worded({
    name: "overflow_bedrock",
    summary: "400 in the words of Bedrock, passed on by a gateway",
    dialects: ["openai-chat", "anthropic"],
    error: overflow("Input is too long for requested model.", null),
  }),
  {
    name: "overflow_in_stream",
    group: "overflow",
    summary: "the overflow is told by an error event, after a status of 200",
    dialects: ["openai-chat", "openai-responses"],
    only: "stream",
    frames: (frames, context) => [
      ...frames.slice(0, 1),
      errorFrame(context, IN_STREAM, Math.min(1, frames.length)),
    ],
  },
  {
    name: "overflow_cut_short",
    group: "overflow",
    summary: "no error: the answer stops for its length after a few words, as on Bedrock",
    answer: cutShort,
  },
  {
    name: "overflow_stop_reason",
    group: "overflow",
    summary: "Anthropic's stop reason model_context_window_exceeded, after a few words",
    dialects: ["anthropic"],
    answer: cutShort,
    ...finishAs(() => "model_context_window_exceeded"),
  },
];
