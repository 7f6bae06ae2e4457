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
  readonly arrived?: "nothing" | "text" | "arguments";
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
  const broken: Nature = { kind: "stream_broken", after: about.arrived ?? "nothing" };
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
      if (raw === undefined) return about.isStreamed === true ? broken : null;
      return about.arrived === "nothing" ? { kind: "unknown" } : null;
    default:
      return null;
  }
}

function isFull({ outputTokens, outputTokensMax }: Finished): boolean {
  if (outputTokens === undefined || outputTokens >= OUTPUT_TOKENS_MIN) return false;
  return outputTokensMax === undefined || outputTokensMax >= 4 * Math.max(1, outputTokens);
}
