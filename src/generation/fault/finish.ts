/** Reasons to finish that are faults, by what the provider calls them. */
import type { Nature } from "./nature.ts";
import { normalWord } from "./words.ts";

/** How an answer ended, in the AI SDK's words and in the provider's. */
export interface Finish {
  readonly unified: string;
  readonly raw: string | undefined;
}

/** What came before the end. */
export interface Finished {
  /** The answer was streamed: one without a reason to end was cut off. */
  readonly isStreamed?: boolean;
  /** What had arrived; `nothing` for an answer without text and calls. */
  readonly arrived?: "nothing" | "text" | "arguments" | undefined;
  /** The stream's `content-type`, where it is known. */
  readonly contentType?: string | undefined;
  readonly outputTokens?: number;
  /** The output that was asked for at most. */
  readonly outputTokensMax?: number;
}

const FILTERED: Nature = { kind: "content_filtered" };
const MALFORMED: Nature = { kind: "malformed" };
const OVERFLOW: Nature = { kind: "context_overflow" };

/** Anthropic, Gemini, Bedrock, Mistral, DeepSeek, Cohere, vLLM, OpenRouter. */
const RAW: Readonly<Record<string, Nature>> = {
  refusal: { kind: "refused" },
  modelcontextwindowexceeded: OVERFLOW,
  modellength: OVERFLOW,
  errorlimit: OVERFLOW,
  guardrailintervened: FILTERED,
  contentfiltered: FILTERED,
  contentfilter: FILTERED,
  sensitive: FILTERED,
  errortoxic: FILTERED,
  language: FILTERED,
  imageprohibitedcontent: FILTERED,
  imagesafety: FILTERED,
  imagerecitation: FILTERED,
  safety: FILTERED,
  recitation: FILTERED,
  blocklist: FILTERED,
  prohibitedcontent: FILTERED,
  spii: FILTERED,
  malformedfunctioncall: MALFORMED,
  malformedresponse: MALFORMED,
  malformedtooluse: MALFORMED,
  malformedmodeloutput: MALFORMED,
  unexpectedtoolcall: MALFORMED,
  toomanytoolcalls: MALFORMED,
  missingthoughtsignature: { kind: "invalid_request", about: "history" },
  insufficientsystemresource: { kind: "overloaded" },
  networkerror: { kind: "unavailable" },
  error: { kind: "unavailable" },
  timeout: { kind: "unavailable" },
  abort: { kind: "unavailable" },
};

/** Less than this is no answer: the context was full when the output began (seen at Bedrock). */
const OUTPUT_TOKENS_MIN = 64;

export function natureOfFinish(finish: Finish, about: Finished): Nature | null {
  const raw = finish.raw === undefined ? undefined : normalWord(finish.raw);
  const known = raw === undefined ? undefined : RAW[raw];
  if (known !== undefined) return known;
  const broken = brokenStream(about);
  switch (finish.unified) {
    case "length":
      return isFull(about) ? OVERFLOW : { kind: "truncated" };
    case "content-filter":
      // OpenAI ends a refusal like any other answer; the client tells it from the text's kind.
      return raw === undefined || raw === "stop" ? { kind: "refused" } : FILTERED;
    case "interrupted":
      return broken;
    case "error":
      return raw === undefined && about.isStreamed === true ? broken : MALFORMED;
    case "other":
    case "unknown":
      if (raw === undefined && about.isStreamed === true) return broken;
      if (about.arrived !== "nothing") return null;
      // Neither an answer nor a reason: another form of body that the client read as empty.
      return raw === undefined ? MALFORMED : { kind: "unknown" };
    default:
      return null;
  }
}

/** A stream's end before its answer's; a page of which no event was made is another matter. */
export function brokenStream({ arrived, contentType }: Finished): Nature {
  const after = arrived ?? "nothing";
  const isPage = after === "nothing" && contentType?.startsWith("text/html") === true;
  return isPage ? MALFORMED : { kind: "stream_broken", after };
}

function isFull({ outputTokens, outputTokensMax }: Finished): boolean {
  if (outputTokens === undefined || outputTokens >= OUTPUT_TOKENS_MIN) return false;
  return outputTokensMax === undefined || outputTokensMax >= 4 * Math.max(1, outputTokens);
}
