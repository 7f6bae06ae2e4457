/**
 * What providers say in sentences, where their codes say nothing.
 *
 * A sentence counts only under the statuses it is known to come with, so that a word that a
 * message happens to quote does not decide. No status at all means any sentence may count.
 */
import { overAllowance, overflowOf, type Overflow } from "./overflow.ts";
import { natureOfMeaning, type Meaning, type Nature } from "./nature.ts";

interface Wording {
  readonly meaning: Meaning;
  readonly statuses: readonly number[];
  readonly patterns: readonly RegExp[];
}

const HISTORY: readonly RegExp[] = [
  // Anthropic
  /`?tool_use`? ids were found without `?tool_result`? blocks/i,
  /unexpected `?tool_use_id`? found in `?tool_result`? blocks/i,
  /`?tool_use`? ids must be unique|multiple `?tool_result`? blocks with id/i,
  /(?:expected|must be) `?thinking`? or `?redacted_thinking`?/i,
  /invalid `?signature`? in `?thinking`? block|thinking\.signature/i,
  /`?thinking`? or `?redacted_thinking`? blocks .{0,60}cannot be modified/i,
  /thinking.{0,30}must be passed back to the api/i,
  /final assistant content cannot end with trailing whitespace/i,
  /(?:text content blocks|messages) must (?:be|have) non-?empty|all messages must have non-empty/i,
  /roles must alternate|first message must use the "?user"? role/i,
  /does not support assistant message prefill|conversation must end with a user message/i,
  // OpenAI
  /no tool output found for (?:function|custom tool|tool|computer) call/i,
  /no tool call found for (?:function|custom tool|tool|computer) call output/i,
  /'?tool_calls'? must be followed by tool messages/i,
  /did not have response messages/i,
  /role '?"?tool'?"? must be a response to a prec(?:ee|e)ding message/i,
  /provided without its required (?:following|'?reasoning'?) item/i,
  /(?:previous response|item) with id '?[^'\s]{1,80}'? not found/i,
  /duplicate item found with id|encrypted content .{0,60}could not be (?:verified|decrypted)/i,
  // Google
  /function (?:response|call) turn comes immediately after/i,
  /number of function response parts is equal to the number of function call parts/i,
  /thought_?signature/i,
  /function call is missing a|contents? (?:is not specified|are required)/i,
  // Mistral, Bedrock, Cohere, chat templates of open models
  /not the same number of function calls and responses/i,
  /expected last role user or tool|unexpected role '?\w+'? after role/i,
  /toolresult blocks at messages\.|tooluse blocks? .{0,60}without .{0,30}toolresult/i,
  /conversation roles must alternate|conversation must (?:alternate|start with) a? ?user/i,
  /tool call id .{0,80}not found in|tool_call_id .{0,60}not found/i,
  /tool message.{0,60}must (?:follow|be preceded|have either)/i,
  /reasoning_content.{0,60}must be passed back/i,
];

const FILTERED: readonly RegExp[] = [
  /content (?:management )?policy|usage polic(?:y|ies)|safety (?:system|filter|polic)/i,
  /prompt was flagged|(?:requires|failed|blocked by) moderation|input was flagged/i,
  /content (?:filter|moderation)|prompt was blocked|blocked by (?:our )?(?:safety|guardrail)/i,
  /inappropriate content|content exists risk|output blocked by content filtering/i,
];

const QUOTA: readonly RegExp[] = [
  /exceeded your current quota, please check your plan/i,
  /credit balance is too low|insufficient (?:balance|credits?|funds|quota)/i,
  /(?:reached|exceeded) your (?:specified )?(?:api )?(?:usage|spend(?:ing)?|monthly) limit/i,
  /(?:used all available|run out of|requires? more|out of) credits/i,
  /monthly (?:spending|included|usage|budget) (?:limit|credits?|cap)/i,
  /(?:spend(?:ing)?|key|billing hard|budget) limit.{0,9} (?:reached|exceeded|hit)/i,
  /budget has been exceeded|extra usage is required|enable billing|billing (?:is )?not active/i,
  /too many tokens per day|(?:daily|weekly|monthly) quota (?:exceeded|exhausted|reached)/i,
  /account (?:is )?(?:in arrears|overdue)|payment required|please (?:recharge|top up)/i,
];

const MODEL: readonly RegExp[] = [
  /\bmodels?\b.{0,120}?(?:does not exist|doesn't exist|not found)/is,
  /^model: \S+$|models\/\S+ is not found|no such model|unknown model|invalid model/im,
  /not a valid model|no endpoints found|unsupported model/i,
  /\bmodel .{0,80}(?:decommissioned|deprecated|retired)/i,
  /(?:do|does)(?: not|n't) have access to (?:the )?model `/i,
  /deployment for this resource does not exist|provided model identifier is invalid/i,
  /inference profile|model .{0,80}(?:is not (?:supported|available)|end of its life)/i,
];

const SIZE: readonly RegExp[] = [
  /request_too_large|request (?:exceeds the maximum size|entity too large|body (?:is )?too large)/i,
  /(?:payload|content) too large|payload size exceeds|string too long|image exceeds \d/i,
  /entity too large|maximum allowed number of (?:bytes|messages)|array too long/i,
];

/** About the key itself: some say it under 400. */
const KEY: readonly RegExp[] = [
  /(?:invalid|incorrect|missing|expired|wrong|malformed|no) api[ -]?key/i,
  /api[ -]?key (?:not valid|is invalid|expired|not found|is missing|was not provided|is required)/i,
  /didn't provide an api key|invalid x-api-key|x-api-key header is required/i,
  /security token .{0,40}(?:invalid|expired)|location is not supported/i,
];

const ACCESS: readonly RegExp[] = [
  /unauthori[sz]ed|authentication (?:failed|required|fails)|no auth credentials|invalid token/i,
  /invalid bearer token|no cookie auth|oauth token has expired|forbidden|permission denied/i,
];

const OVERLOADED: readonly RegExp[] = [
  /\boverloaded\b|at capacity|capacity exceeded|no (?:available )?capacity|server busy/i,
  /currently loading|loading model|is loading|experiencing high (?:demand|load|traffic)/i,
  /slow down|temporarily overloaded|no healthy upstream|maximum pending requests/i,
];

const RATE: readonly RegExp[] = [
  /rate[ -]?limit|too many requests|too many tokens, please wait|requests? per (?:minute|second)/i,
  /resource (?:has been )?exhausted|quota exceeded for|throttl/i,
];

const UNAVAILABLE: readonly RegExp[] = [
  /internal (?:server )?error|server (?:had an )?error|bad gateway|gateway time-?out/i,
  /service.{0,15} unavailable|upstream (?:connect )?error|provider returned error/i,
  /temporarily unavailable|error occurred while processing your request/i,
];

const REFUSED_AS_SUCH = [400, 422, 404, 500];

/** In this order: the first that fits counts. */
const WORDINGS: readonly Wording[] = [
  { meaning: "history", statuses: REFUSED_AS_SUCH, patterns: HISTORY },
  { meaning: "filtered", statuses: [400, 403, 422, 451, 500], patterns: FILTERED },
  { meaning: "quota", statuses: [400, 401, 402, 403, 429, 500], patterns: QUOTA },
  { meaning: "auth", statuses: [400, 401, 403], patterns: KEY },
  { meaning: "auth", statuses: [401], patterns: ACCESS },
  { meaning: "model", statuses: [400, 403, 404, 410, 422, 500, 503], patterns: MODEL },
  { meaning: "size", statuses: [400, 413, 422], patterns: SIZE },
  { meaning: "overloaded", statuses: [429, 500, 502, 503], patterns: OVERLOADED },
  { meaning: "rate", statuses: [400, 403, 500, 502, 503], patterns: RATE },
  { meaning: "unavailable", statuses: [], patterns: UNAVAILABLE },
];

/** Under these nothing is said about the prompt's length. */
const NEVER_OVERFLOW = new Set([401, 402, 403, 404, 529]);

/** What the sentences say; undefined when they are of no known kind. */
export function natureOfWording(text: string, status: number | undefined): Nature | undefined {
  if (text === "") return undefined;
  const overflow = overflowUnder(text, status);
  if (overflow !== null) return { kind: "context_overflow", ...overflow };
  for (const { meaning, statuses, patterns } of WORDINGS) {
    if (status !== undefined && !statuses.includes(status)) continue;
    if (patterns.some((pattern) => pattern.test(text))) return natureOfMeaning(meaning);
  }
  return undefined;
}

function overflowUnder(text: string, status: number | undefined): Overflow | null {
  if (status === 429) return overAllowance(text);
  return status !== undefined && NEVER_OVERFLOW.has(status) ? null : overflowOf(text);
}
