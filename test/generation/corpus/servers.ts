import {
  AUTH,
  FILTERED,
  HISTORY,
  MODEL,
  OTHER,
  overflow,
  OVERFLOW,
  OVERLOADED,
  QUOTA,
  RATE,
  refusal,
  refused,
  row,
  UNAVAILABLE,
  wait,
  type Row,
} from "./row.ts";

/** Shapes: the exceptions of Bedrock's runtime reference, and its models' sentences. */
const bedrock: readonly Row[] = [
  ...(
    [
      [429, "ThrottlingException", "Too many tokens, please wait before trying again.", RATE],
      [429, "ThrottlingException", "Too many tokens per day, please wait.", QUOTA],
      [429, "ThrottlingException", "Too many input tokens, please wait.", RATE],
      [429, "ModelNotReadyException", "The model is not ready.", OVERLOADED],
      [400, "ServiceQuotaExceededException", "Exceeds the quota for your account.", QUOTA],
      [408, "ModelTimeoutException", "The request took too long.", UNAVAILABLE],
      [424, "ModelErrorException", "The model failed.", UNAVAILABLE],
      [503, "ServiceUnavailableException", "Try again.", OVERLOADED],
      [500, "InternalServerException", "Internal.", UNAVAILABLE],
      [403, "AccessDeniedException", "You don't have access to the model.", AUTH],
      [403, "ExpiredTokenException", "The security token is expired", AUTH],
      [400, "ValidationException", "Input is too long for requested model.", OVERFLOW],
      [400, "ValidationException", "The provided model identifier is invalid.", MODEL],
      [400, "ValidationException", "Malformed input request: #: extraneous key", OTHER],
      [400, "ValidationException", "Expected toolResult blocks at messages.2.content", HISTORY],
    ] as const
  ).map(([status, type, message, fault]) =>
    refusal(
      `Bedrock: ${type}, ${message.slice(0, 40)}`,
      refused(status, { message }, { "x-amzn-errortype": `${type}:http://internal.amazon.com/` }),
      fault,
    ),
  ),
  refusal(
    "Bedrock: a namespace before the exception",
    refused(400, { __type: "com.amazon.coral.service#ThrottlingException", message: "Slow" }),
    RATE,
  ),
  row(
    "Bedrock: an exception in a stream",
    { throttlingException: { message: "Slow" } },
    { ...RATE, arrived: "arguments", hasBegun: true },
  ),
  row(
    "Bedrock: an error of AWS's own client",
    Object.assign(new Error("Too many requests"), {
      name: "ThrottlingException",
      $metadata: { httpStatusCode: 429 },
    }),
    { ...RATE, status: 429 },
  ),
  refusal(
    "Bedrock: counts of its own models",
    refused(400, {
      message: "Too many input tokens. Max input tokens: 300000, request input token count: 301222",
    }),
    overflow(301_222, 300_000),
  ),
];

function vllm(message: string, code = 400) {
  return refused(code, { object: "error", message, type: "BadRequestError", param: null, code });
}

/** Sentences of servers that people run themselves, from their sources and reports. */
const selfRun: readonly Row[] = [
  refusal(
    "vLLM: overflow by the reserved output",
    vllm(
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context " +
        "length is 32768 tokens and your request has 5000 input tokens (32000 > 32768 - 5000).",
    ),
    overflow(32_000, 32_768),
  ),
  refusal(
    "vLLM: overflow of the input",
    vllm(
      "You passed 40961 input tokens and requested 0 output tokens. However, the model's context " +
        "length is only 40960 tokens, resulting in a maximum input length of 40960 tokens.",
    ),
    overflow(40_961, 40_960),
  ),
  refusal(
    "vLLM: the decoder's sentence",
    vllm("The decoder prompt (length 40970) is longer than the maximum model length of 40960."),
    overflow(40_970, 40_960),
  ),
  refusal(
    "vLLM: as OpenAI says it",
    vllm(
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens " +
        "(4000 in the messages, 1000 in the completion).",
    ),
    overflow(5000, 4096),
  ),
  refusal("vLLM: no such model", vllm("The model `m` does not exist.", 404), MODEL),
  row(
    "vLLM: a validator that repeats what was sent",
    vllm("[{'type': 'missing', 'loc': ('body', 'messages'), 'input': {'secret': 'tea'}}]"),
    { ...OTHER, status: 400, says: /^(?!.*tea)/ },
  ),
  refusal(
    "llama.cpp: overflow with counts beside the message",
    refused(400, {
      error: {
        code: 400,
        message: "the request exceeds the available context size. try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 14_429,
        n_ctx: 8192,
      },
    }),
    overflow(14_429, 8192),
  ),
  refusal(
    "llama.cpp: overflow with counts in the message, under 500",
    refused(500, {
      error: {
        message: "request (12345 tokens) exceeds the available context size (8192 tokens)",
      },
    }),
    overflow(12_345, 8192),
  ),
  refusal(
    "llama.cpp: loading",
    refused(503, { error: { code: 503, message: "Loading model", type: "unavailable_error" } }),
    OVERLOADED,
  ),
  refusal(
    "Ollama: no such model",
    refused(404, { error: "model 'llama9' not found, try pulling it first" }),
    MODEL,
  ),
  refusal(
    "Ollama: overflow",
    refused(400, { error: "prompt too long; exceeded max context length by 123 tokens" }),
    OVERFLOW,
  ),
  refusal("Ollama: busy", refused(503, { error: "server busy, please try again." }), OVERLOADED),
  refusal(
    "Ollama: the runner died",
    refused(500, { error: "model runner has unexpectedly stopped" }),
    UNAVAILABLE,
  ),
  refusal(
    "text-generation-inference: overflow",
    refused(422, {
      error:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 " +
        "`inputs` tokens and 1024 `max_new_tokens`",
      error_type: "validation",
    }),
    overflow(6024, 4096),
  ),
  refusal(
    "Hugging Face: loading, with the time it takes",
    refused(503, { error: "Model x is currently loading", estimated_time: 20.5 }),
    { kind: "overloaded", retryAfterMs: 20_500 },
  ),
  refusal(
    "SGLang: overflow",
    refused(400, {
      object: "error",
      message: "The input (33000 tokens) is longer than the model's context length (32768 tokens).",
    }),
    overflow(33_000, 32_768),
  ),
  refusal(
    "SGLang: overflow by the whole",
    refused(400, {
      message:
        "Requested token count exceeds the model's maximum context length of 32768 tokens. You " +
        "requested a total of 40000 tokens: 30000 tokens from the input messages.",
    }),
    overflow(40_000, 32_768),
  ),
  refusal(
    "LM Studio: overflow",
    refused(400, { error: "the number of tokens to keep is greater than the context length" }),
    OVERFLOW,
  ),
  refusal(
    "a chat template that wants roles to alternate",
    refused(500, { error: "Conversation roles must alternate user/assistant/user/assistant/..." }),
    HISTORY,
  ),
  refusal(
    "FastAPI: a field that is missing",
    refused(422, { detail: [{ type: "missing", loc: ["body"], msg: "Field required" }] }),
    OTHER,
  ),
];

/** Other hosted providers, from their pages on errors. */
const hosted: readonly Row[] = [
  refusal(
    "Groq: 413 of a minute's allowance",
    refused(413, {
      error: {
        message:
          "Request too large for model `m` on tokens per minute (TPM): Limit 6000, " +
          "Requested 8012, please reduce your message size and try again.",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    }),
    overflow(8012, 6000),
  ),
  refusal(
    "Groq: a model that is gone",
    refused(400, { error: { message: "The model `m` was", code: "model_decommissioned" } }),
    MODEL,
  ),
  refusal(
    "xAI: overflow",
    refused(400, {
      code: "Client specified an invalid argument",
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    }),
    overflow(537_812, 131_072),
  ),
  refusal(
    "xAI: no credit under 403",
    refused(403, {
      code: "The caller does not have permission to execute the specified operation",
      error: "Your team has either used all available credits or reached its monthly limit.",
    }),
    QUOTA,
  ),
  refusal("xAI: a wrong key under 400", refused(400, { error: "Incorrect API key: xy" }), AUTH),
  refusal("DeepSeek: 402", refused(402, { error: { message: "Insufficient Balance" } }), QUOTA),
  refusal(
    "DeepSeek: the filter",
    refused(400, { error: { message: "Content Exists Risk", type: "invalid_request_error" } }),
    FILTERED,
  ),
  refusal(
    "DeepSeek: reasoning that did not come back",
    refused(400, {
      error: { message: "The reasoning_content in the thinking mode must be passed back." },
    }),
    HISTORY,
  ),
  refusal(
    "Mistral: capacity",
    refused(429, {
      object: "error",
      message: "Service tier capacity exceeded for this model.",
      type: "service_tier_capacity_exceeded",
      code: "3505",
    }),
    OVERLOADED,
  ),
  refusal(
    "Mistral: calls without results",
    refused(400, {
      object: "error",
      message: "Not the same number of function calls and responses",
      type: "invalid_request_error",
    }),
    HISTORY,
  ),
  refusal(
    "Moonshot: overflow",
    refused(400, {
      error: { message: "exceeded model token limit: 262144 (requested: 300000)", type: "x" },
    }),
    overflow(300_000, 262_144),
  ),
  refusal(
    "Moonshot: overloaded under 429",
    refused(429, { error: { message: "Try later", type: "engine_overloaded_error" } }),
    OVERLOADED,
  ),
  refusal(
    "Moonshot: no balance under 429",
    refused(429, { error: { message: "m", type: "exceeded_current_quota_error" } }),
    QUOTA,
  ),
  refusal(
    "Cerebras: seconds without a unit",
    refused(429, { message: "Slow down" }, { "x-ratelimit-reset-tokens-minute": "59.8" }),
    OVERLOADED,
  ),
  refusal(
    "Cerebras: overflow",
    refused(400, {
      message:
        "Please reduce the length of the messages. Current length is 9000 while limit is 8192",
      code: "context_length_exceeded",
    }),
    overflow(9000, 8192),
  ),
  refusal(
    "Alibaba: the filter",
    refused(400, { error: { code: "data_inspection_failed", message: "inappropriate content" } }),
    FILTERED,
  ),
  refusal(
    "Alibaba: overflow",
    refused(400, { error: { message: "Range of input length should be [1, 129024]" } }),
    { kind: "context_overflow", tokensMax: 129_024 },
  ),
  refusal(
    "a reset in epoch seconds",
    refused(
      429,
      { error: { message: "Limited" } },
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795176030" },
    ),
    wait(30_000),
  ),
];

export const serverRows: readonly Row[] = [...bedrock, ...selfRun, ...hosted];
