import {
  APICallError,
  EmptyResponseBodyError,
  InvalidArgumentError,
  InvalidPromptError,
  InvalidResponseDataError,
  JSONParseError,
  LoadAPIKeyError,
  LoadSettingError,
  NoContentGeneratedError,
  NoSuchModelError,
  TypeValidationError,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { RetryError } from "ai";
import type { Nature } from "../../../src/generation/fault/nature.ts";
import {
  ADDRESS,
  AUTH,
  HISTORY,
  MALFORMED,
  MODEL,
  OTHER,
  OVERLOADED,
  QUOTA,
  RATE,
  refused,
  row,
  UNAVAILABLE,
  wait,
  type Row,
} from "./row.ts";

type Why = Extract<Nature, { readonly kind: "unreachable" }>["why"];
type Phase = Extract<Nature, { readonly kind: "timeout" }>["phase"];

function fetchFailed(code: string, message = code) {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}

function lost(why: Why): Nature {
  return { kind: "unreachable", why };
}

function late(phase: Phase): Nature {
  return { kind: "timeout", phase };
}

/** Codes of Node's sockets, TLS and resolver, and of undici, in the shape of `fetch`. */
const network: readonly Row[] = [
  ...(
    [
      ["ECONNREFUSED", lost("refused")],
      ["ECONNRESET", lost("reset")],
      ["EPIPE", lost("reset")],
      ["UND_ERR_SOCKET", lost("reset")],
      ["ENOTFOUND", lost("dns")],
      ["EAI_AGAIN", lost("dns")],
      ["EHOSTUNREACH", lost("network")],
      ["ENETUNREACH", lost("network")],
      ["CERT_HAS_EXPIRED", lost("certificate")],
      ["SELF_SIGNED_CERT_IN_CHAIN", lost("certificate")],
      ["DEPTH_ZERO_SELF_SIGNED_CERT", lost("certificate")],
      ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", lost("certificate")],
      ["ERR_TLS_CERT_ALTNAME_INVALID", lost("certificate")],
      ["ERR_SSL_WRONG_VERSION_NUMBER", lost("certificate")],
      ["ETIMEDOUT", late("connect")],
      ["UND_ERR_CONNECT_TIMEOUT", late("connect")],
      ["UND_ERR_HEADERS_TIMEOUT", late("first_byte")],
      ["UND_ERR_BODY_TIMEOUT", late("idle")],
      ["HPE_INVALID_CONSTANT", MALFORMED],
      ["ERR_INVALID_URL", ADDRESS],
    ] as const
  ).map(([code, fault]) => row(`fetch: ${code}`, fetchFailed(code), { ...fault, says: code })),
  row(
    "both addresses of a name refused",
    new TypeError("fetch failed", {
      cause: Object.assign(
        new AggregateError([Object.assign(new Error("a"), { code: "ECONNREFUSED" })], ""),
        { code: "ECONNREFUSED" },
      ),
    }),
    lost("refused"),
  ),
  row(
    "several addresses, the code on the inner ones alone",
    new AggregateError([Object.assign(new Error("connect"), { code: "ENETUNREACH" })], "all"),
    lost("network"),
  ),
  row("fetch failed without a cause", new TypeError("fetch failed"), lost("network")),
  row("the AI SDK's wrapping", wrapped("ECONNREFUSED"), lost("refused")),
  row("a client's sentence", new Error("Connection error."), lost("network")),
  row("a sentence with a code", "connect ECONNREFUSED 127.0.0.1:80", lost("refused")),
  row("a scheme nobody speaks", new TypeError("unknown scheme"), ADDRESS),
  row("a key with a line's end", new TypeError('"Bearer sk-x" is an invalid header value.'), {
    ...AUTH,
    says: /^(?!.*sk-x\w)/,
  }),
];

function wrapped(code: string, statusCode?: number, cause?: unknown) {
  return new APICallError({
    message: `Cannot connect to API: connect ${code}`,
    url: "https://provider.test",
    requestBodyValues: {},
    cause: cause ?? Object.assign(new Error(`connect ${code}`), { code }),
    isRetryable: true,
    ...(statusCode === undefined ? {} : { statusCode }),
  });
}

const terminated = new TypeError("terminated", {
  cause: Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
});

/** What undici throws when a body breaks off. */
const broken: readonly Row[] = [
  row("a whole answer breaks off", wrapped("x", 200, terminated), {
    ...lost("reset"),
    status: 200,
    hasBegun: true,
  }),
  row(
    "a whole answer breaks off, without undici's cause",
    wrapped("x", 200, new TypeError("terminated")),
    { ...lost("reset"), status: 200, hasBegun: true },
  ),
  ...(["nothing", "text", "arguments"] as const).map((arrived) =>
    row(`a stream breaks off after ${arrived}`, terminated, {
      kind: "stream_broken",
      after: arrived,
      arrived,
      hasBegun: true,
    }),
  ),
  row(
    "a stream ends without a finish",
    new InvalidResponseDataError({
      data: undefined,
      message: "Response stream ended without a finish reason.",
    }),
    { kind: "stream_broken", after: "text", arrived: "text", hasBegun: true },
  ),
  row("our own sentence for it", new Error("the stream ended before the answer did"), {
    kind: "stream_broken",
    after: "nothing",
    arrived: "nothing",
    hasBegun: true,
  }),
  row("a stream falls silent", fetchFailed("UND_ERR_BODY_TIMEOUT"), {
    ...late("idle"),
    arrived: "text",
    hasBegun: true,
  }),
];

function timeUp(phase?: string) {
  const thrown = new DOMException("no answer within 40 ms", "TimeoutError");
  return phase === undefined ? thrown : Object.assign(thrown, { phase });
}

const stopped: readonly Row[] = [
  ...(["connect", "first_byte", "idle", "total"] as const).map((phase) =>
    row(`our time limit: ${phase}`, timeUp(phase), { ...late(phase), says: "40 ms" }),
  ),
  row("a time limit without a phase", timeUp(), late("total")),
  row("a time limit with a phase nobody knows", timeUp("lunch"), late("total")),
  row("a time limit as the cause", new Error("aborted", { cause: timeUp("idle") }), late("idle")),
  row("an abort", new DOMException("This operation was aborted", "AbortError"), {
    kind: "aborted",
  }),
  row(
    "an abort with a reason",
    new Error("aborted", { cause: new DOMException("x", "AbortError") }),
    {
      kind: "aborted",
    },
  ),
  row(
    "a socket that says aborted",
    Object.assign(new Error("aborted"), { code: "ECONNRESET" }),
    lost("reset"),
  ),
];

const another = { name: "AI_JSONParseError", message: "JSON parsing failed: Text: x", text: "x" };

/** The AI SDK's errors. */
const sdk: readonly Row[] = [
  row("JSONParseError", new JSONParseError({ text: "{x", cause: new Error("x") }), MALFORMED),
  row("JSONParseError of another copy", Object.assign(new Error(), another), MALFORMED),
  row(
    "TypeValidationError over an answer that speaks of rate limits",
    new TypeValidationError({ value: { content: "rate limit exceeded" }, cause: new Error("x") }),
    MALFORMED,
  ),
  row(
    "TypeValidationError over an error of no known form",
    new TypeValidationError({ value: { error: { code: 429, m: 1 } }, cause: new Error("x") }),
    { ...RATE, status: 429 },
  ),
  row("InvalidResponseDataError", new InvalidResponseDataError({ data: {} }), MALFORMED),
  row("NoContentGeneratedError", new NoContentGeneratedError(), MALFORMED),
  row("EmptyResponseBodyError", new EmptyResponseBodyError(), MALFORMED),
  row("LoadAPIKeyError", new LoadAPIKeyError({ message: "OpenAI API key is missing." }), AUTH),
  row("LoadSettingError", new LoadSettingError({ message: "Region" }), OTHER),
  row(
    "NoSuchModelError",
    new NoSuchModelError({ modelId: "m", modelType: "languageModel" }),
    MODEL,
  ),
  row(
    "UnsupportedFunctionalityError",
    new UnsupportedFunctionalityError({ functionality: "seeds" }),
    OTHER,
  ),
  row("InvalidPromptError", new InvalidPromptError({ prompt: [], message: "Odd" }), HISTORY),
  row("InvalidArgumentError", new InvalidArgumentError({ argument: "a", message: "Odd" }), OTHER),
  row(
    "RetryError: the last of its errors",
    new RetryError({
      message: "Failed after 3 attempts.",
      reason: "maxRetriesExceeded",
      errors: [refused(500, ""), refused(429, "", { "retry-after": "7" })],
    }),
    { ...wait(7000), status: 429 },
  ),
  row("a 200 that is no JSON", refused(200, "Hello!"), { ...MALFORMED, status: 200 }),
  row("a 200 of another form", refused(200, { choices: 5, text: "overloaded" }), {
    ...MALFORMED,
    status: 200,
  }),
  row(
    "Anthropic's client before a stream that is none",
    new Error("Expected a normalized Anthropic stream error"),
    MALFORMED,
  ),
];

/** Sentences that speak of one thing and mean another. */
const misleading: readonly Row[] = [
  row("400: a token that is no key", refused(400, { error: "Invalid JSON: invalid token" }), {
    ...OTHER,
    status: 400,
  }),
  row(
    "400: more output than a model gives",
    refused(400, { message: "The maximum tokens you requested exceeds the model limit of 4096." }),
    { ...OTHER, status: 400 },
  ),
  row("400: a schema", refused(400, { error: { message: "Invalid schema for function 'pay'" } }), {
    ...OTHER,
    status: 400,
  }),
  row(
    "a validator's codes inside the AI SDK's error",
    new APICallError({
      message: "Invalid JSON response",
      url: "https://provider.test",
      requestBodyValues: {},
      statusCode: 200,
      responseBody: '{"hello":"world"}',
      cause: new TypeValidationError({
        value: { hello: "world" },
        cause: Object.assign(new Error('[{"code":"invalid_value","message":"rate limit"}]'), {
          name: "ZodError",
        }),
      }),
    }),
    { ...MALFORMED, status: 200 },
  ),
  row(
    "an answer's own text and numbers",
    refused(200, { choices: [], message: "rate limit exceeded", code: 429 }),
    { ...MALFORMED, status: 200 },
  ),
  row("529 with a page that speaks of a model", refused(529, "model not found"), {
    ...OVERLOADED,
    status: 529,
  }),
];

/** Other clients' errors, and things that are no errors. */
const others: readonly Row[] = [
  row(
    "an error of OpenAI's own client",
    Object.assign(new Error("429 Slow"), {
      status: 429,
      headers: new Headers({ "retry-after": "3" }),
      error: { message: "Slow", code: "insufficient_quota" },
    }),
    { ...QUOTA, status: 429 },
  ),
  row(
    "an error of axios",
    Object.assign(new Error("Request failed with status code 503"), {
      response: { status: 503, data: { error: "m" } },
    }),
    { ...OVERLOADED, status: 503 },
  ),
  row("a sentence", "Rate limit exceeded, try again in 20ms", wait(20)),
  row("a sentence with a status", "HTTP 502 Bad Gateway", { ...UNAVAILABLE, status: 502 }),
  row("a sentence about load", new Error("The model is overloaded"), OVERLOADED),
  row("a part of no known shape", { odd: true }, { ...MALFORMED, arrived: "text", hasBegun: true }),
  row("a mistake of our own", new TypeError("x is not a function"), { kind: "unknown" }),
  row("nothing", null, { kind: "unknown" }),
  row("undefined", undefined, { kind: "unknown" }),
  row("a number", 7, { kind: "unknown" }),
  row("any sentence", "boom", { kind: "unknown", says: "boom" }),
];

export const clientRows: readonly Row[] = [
  ...network,
  ...broken,
  ...stopped,
  ...sdk,
  ...misleading,
  ...others,
];
