/**
 * One classifier for everything that a provider, a proxy or the network can answer with.
 *
 * C1 It never throws, whatever was thrown, and takes a bounded time.
 * C2 What is known more precisely wins: the caller's wish to stop, then a code made for the case,
 *    then a sentence under the status it is known to come with, then the status, then the rest.
 * C3 A fault that waiting cannot mend is never a rate limit, whatever status it came with.
 * C4 A message is one line without keys and without what was asked.
 */
import type { ModelFault } from "../../journal/model-fault.ts";
import { unreachable } from "../../std/assert.ts";
import { gatherEvidence, type Evidence } from "./evidence.ts";
import { brokenStream, natureOfFinish, type Finish, type Finished } from "./finish.ts";
import { memberOf } from "./guarded.ts";
import { natureOfMeaning, type Meaning, type Nature } from "./nature.ts";
import { natureOfCodes, natureOfNetworkWording } from "./network.ts";
import { count, overflowOf } from "./overflow.ts";
import { faultLine } from "./redact.ts";
import { askedWaitMs, retryAfterMs } from "./retry-after.ts";
import { natureOfStatus } from "./status.ts";
import { natureOfWording } from "./wording.ts";
import { isDailyQuota, meaningOfWords, statusOfWords } from "./words.ts";

export interface FaultSource {
  /** What was thrown by the provider's client, or arrived as an error part of a stream. */
  readonly thrown: unknown;
  /** Milliseconds since the epoch, for dates in headers. */
  readonly now: number;
  /** A stream had begun: what had arrived. */
  readonly arrived?: "nothing" | "text" | "arguments" | undefined;
  /** The stream's `content-type`, where it is known: a page is no stream that broke. */
  readonly contentType?: string | undefined;
}

/** Never throws. `aborted` only for an abort: who asked for it is the caller's to know. */
export function classifyFault(source: FaultSource): ModelFault {
  const { thrown, now, arrived } = source;
  const evidence = gatherEvidence(thrown);
  const plain = natureOf(evidence);
  // Once a stream has begun, a connection that fails is that stream's end.
  const isLost = plain.kind === "unreachable" || plain.kind === "stream_broken";
  const isStream = plain.kind === "stream_broken" || (isLost && arrived !== undefined);
  const nature = isStream ? brokenStream(source) : plain;
  const { status } = evidence;
  // A good status and then no whole answer: the provider was at work, and bills it.
  const hasBegun = arrived !== undefined || (isLost && isGood(status));
  return {
    ...withWait(nature, evidence, now),
    message: faultLine(evidence.message) || wordless(nature, status),
    ...(status === undefined ? {} : { status }),
    ...(hasBegun ? { hasBegun } : {}),
  };
}

/** From a whole answer: reasons to finish that are faults. null: none. */
export function faultOfFinish(finish: Finish, about: Finished = {}): ModelFault | null {
  const nature = natureOfFinish(finish, about);
  if (nature === null) return null;
  const raw = finish.raw === undefined ? "" : ` (${finish.raw})`;
  const message = faultLine(`${wordless(nature, undefined)}${raw}`);
  return { ...nature, message, ...(about.isStreamed === true ? { hasBegun: true } : {}) };
}

function isGood(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function natureOf(evidence: Evidence): Nature {
  const { status, codes, text, page } = evidence;
  const stopped = natureOfStop(evidence);
  if (stopped !== undefined) return stopped;
  const isRefusal = status !== undefined && !isGood(status);
  const lost = isRefusal ? undefined : natureOfCodes(codes);
  if (lost !== undefined) return lost;
  const told = natureOfProvider(evidence, isRefusal ? status : undefined);
  if (told !== undefined) return told;
  if (BROKEN.test(text) || CUT_OFF.test(text)) return { kind: "stream_broken", after: "nothing" };
  if (page !== undefined) return { kind: "malformed" };
  return natureOfNetworkWording(text) ?? natureOfNames(evidence);
}

/** Our own time limits carry a phase; a limit of somebody else's was on the whole. */
function natureOfStop({ names, phase, status }: Evidence): Nature | undefined {
  if (status !== undefined && !isGood(status)) return undefined;
  if (names.some((name) => TIMED_OUT.has(name))) {
    const isKnown = phase === "connect" || phase === "first_byte" || phase === "idle";
    return { kind: "timeout", phase: isKnown ? phase : "total" };
  }
  return names.some((name) => ABORTED.has(name)) ? { kind: "aborted" } : undefined;
}

const TIMED_OUT = new Set(["TimeoutError", "APIConnectionTimeoutError", "RequestTimeoutError"]);
const ABORTED = new Set(["AbortError", "ResponseAborted", "APIUserAbortError", "CancelledError"]);

/** What the provider said: by code, by sentence, by status. */
function natureOfProvider(evidence: Evidence, refused: number | undefined): Nature | undefined {
  const { words, text } = evidence;
  const meaning = meaningOfWords(words);
  if (meaning !== undefined) return refine(meaning, evidence);
  const status = refused ?? statusOfWords(words);
  const said = natureOfWording(text, status);
  if (said !== undefined) return said;
  return status === undefined ? undefined : natureOfStatus(status);
}

/** Codes that several cases share, told apart by what stands beside them. */
function refine(meaning: Meaning, evidence: Evidence): Nature {
  const { words, text } = evidence;
  switch (meaning) {
    case "rate": {
      const isOver = natureOfWording(text, 429);
      if (isOver?.kind === "context_overflow") return isOver;
      // Google says "exceeded your current quota" of a minute's allowance too: its details decide.
      const isSpent = words.has("resourceexhausted")
        ? isDailyQuota(words) || SPENT_AT_GOOGLE.test(text)
        : isOver?.kind === "quota_exhausted";
      if (isSpent) return { kind: "quota_exhausted" };
      return isOver?.kind === "overloaded" ? isOver : { kind: "rate_limited" };
    }
    case "auth": {
      const said = natureOfWording(text, 403);
      return said?.kind === "quota_exhausted" ? said : { kind: "auth" };
    }
    case "overflow":
      return { kind: "context_overflow", ...countsIn(evidence), ...overflowOf(text) };
    case "quota":
    case "history":
    case "filtered":
    case "refused":
    case "truncated":
    case "model":
    case "address":
    case "size":
    case "overloaded":
    case "unavailable":
      return natureOfMeaning(meaning);
    default:
      return unreachable(meaning, "refine");
  }
}

const SPENT_AT_GOOGLE = /limit: 0\b|credits? (?:is|are) depleted|spend(?:ing)? cap/i;

/** llama.cpp puts its counts beside the message. */
function countsIn({ bodies }: Evidence): { tokens?: number; tokensMax?: number } {
  for (const body of bodies) {
    const tokens = count(memberOf(body, "n_prompt_tokens"));
    const tokensMax = count(memberOf(body, "n_ctx"));
    if (tokens !== undefined && tokensMax !== undefined) return { tokens, tokensMax };
  }
  return {};
}

/** A stream's end without its last words. */
const BROKEN =
  /(?:stream|response|request|answer) ended (?:without|before)|premature(?:ly)? (?:close|end)/i;
const CUT_OFF =
  /unexpected end of (?:file|stream|data)|incomplete chunked|stream.{0,6} (?:interrupt|disconn)/i;

/** What the AI SDK calls its errors, where neither code, sentence nor status told more. */
const NAMED: Readonly<Record<string, Nature>> = {
  AI_JSONParseError: { kind: "malformed" },
  AI_TypeValidationError: { kind: "malformed" },
  AI_InvalidResponseDataError: { kind: "malformed" },
  AI_EmptyResponseBodyError: { kind: "malformed" },
  AI_NoContentGeneratedError: { kind: "malformed" },
  AI_NoOutputGeneratedError: { kind: "malformed" },
  AI_LoadAPIKeyError: { kind: "auth" },
  AI_LoadSettingError: { kind: "invalid_request", about: "other" },
  AI_NoSuchModelError: { kind: "invalid_request", about: "model" },
  AI_NoSuchProviderError: { kind: "invalid_request", about: "model" },
  AI_UnsupportedModelVersionError: { kind: "invalid_request", about: "model" },
  AI_InvalidPromptError: { kind: "invalid_request", about: "history" },
  AI_MissingToolResultsError: { kind: "invalid_request", about: "history" },
  AI_UnsupportedFunctionalityError: { kind: "invalid_request", about: "other" },
  AI_InvalidArgumentError: { kind: "invalid_request", about: "other" },
};

/** What clients say when the first event of a stream was none, and when an answer held nothing. */
const NO_ANSWER = /normalized Anthropic stream error|^Responses API returned no output/m;

function natureOfNames({ names, status, isPart, text }: Evidence): Nature {
  const named = names.map((name) => NAMED[name]).find((nature) => nature !== undefined);
  if (named !== undefined) return named;
  if (NO_ANSWER.test(text)) return { kind: "malformed" };
  if (isGood(status) || isPart) return { kind: "malformed" };
  return { kind: "unknown" };
}

function withWait(nature: Nature, evidence: Evidence, now: number): Nature {
  const said = [evidence.bodies, evidence.text];
  switch (nature.kind) {
    case "rate_limited":
      return addWait(nature, retryAfterMs(evidence.headers, said, now));
    case "overloaded":
    case "unavailable":
      return addWait(nature, askedWaitMs(evidence.headers, said, now));
    default:
      return nature;
  }
}

function addWait<N extends Nature>(nature: N, waitMs: number | undefined): N {
  return waitMs === undefined ? nature : { ...nature, retryAfterMs: waitMs };
}

/** For faults that came without a word. */
function wordless(nature: Nature, status: number | undefined): string {
  const behind = status === undefined ? "" : ` (HTTP ${status})`;
  return `${PLAIN[nature.kind]}${behind}`;
}

const PLAIN: Readonly<Record<ModelFault["kind"], string>> = {
  rate_limited: "the provider limits the rate of requests",
  overloaded: "the provider is overloaded",
  unavailable: "the provider failed to answer",
  unreachable: "no answer came over the network",
  quota_exhausted: "credit or quota is used up",
  context_overflow: "the prompt does not fit the model's context",
  invalid_request: "the request was refused",
  auth: "the provider did not accept the key",
  content_filtered: "the provider's filter withheld the answer",
  refused: "the model declined to answer",
  truncated: "the answer was cut off at its output limit",
  stream_broken: "the stream ended before the answer did",
  timeout: "no answer came in time",
  malformed: "what arrived is no answer",
  model_switched: "another model answered",
  aborted: "the model call was cancelled",
  unknown: "the model call failed",
};
