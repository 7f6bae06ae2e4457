/**
 * Prompts that do not fit, in each provider's own words.
 *
 * The output that a request reserves counts too: where it is named, `tokens` is the sum. Sentences
 * about the most output a model may give are no overflow: a shorter history mends none of them.
 */

export interface Overflow {
  readonly tokens?: number;
  readonly tokensMax?: number;
}

/** Groups: `have` and `more` add up to what was asked for, `most` is what fits. */
const WORDINGS: readonly RegExp[] = [
  // Anthropic: the prompt alone, then the prompt with its reserved output.
  /prompt is too long:? (?<have>\d+) tokens > (?<most>\d+) maximum/i,
  /exceed context limit: (?<have>\d+) \+ (?<more>\d+) > (?<most>\d+)/i,
  // vLLM, which names the rest first when the reserved output is at fault.
  /\((?<have>\d+) > (?<most>\d+) - \d+\)/,
  /maximum context length is (?<most>\d+) tokens and your request has (?<have>\d+) input tokens/i,
  /passed (?<have>\d+) input tokens and requested (?<more>\d+) .{0,60}?is only (?<most>\d+)/is,
  /prompt \([a-z ]*(?<have>\d+)\) is longer than the maximum model length of (?<most>\d+)/i,
  // OpenAI, OpenRouter, DeepSeek, SGLang and whoever speaks like them.
  /maximum context length (?:is|of) (?<most>\d+)[^\d]{1,60}(?:in|requested|about|of) (?<have>\d+)/i,
  /maximum prompt length is (?<most>\d+) but the request contains (?<have>\d+)/i,
  /input \((?<have>\d+) tokens\) is longer than the model'?s context length \((?<most>\d+)/i,
  // Google.
  /input token count \(?(?<have>\d*)\)? ?exceeds the maximum [a-z ]*allowed \(?(?<most>\d+)/i,
  /input token count is (?<have>\d+) but (?:the )?model only supports up to (?<most>\d+)/i,
  // Bedrock's own models.
  /max input tokens: (?<most>\d+), request input token count: (?<have>\d+)/i,
  // llama.cpp, Ollama, text-generation-inference, Mistral, Moonshot, Fireworks, Cerebras, Copilot.
  /request \((?<have>\d+) tokens\) exceeds the available context size \((?<most>\d+)/i,
  /requested tokens \((?<have>\d+)\) exceed context window of (?<most>\d+)/i,
  /must be <= (?<most>\d+)\. given: (?<have>\d+) `inputs` tokens and (?<more>\d+) `max_new/i,
  /prompt contains (?<have>\d+) tokens.{0,120}?(?<most>\d+) maximum context/is,
  /exceeded model token limit: (?<most>\d+) \(requested: (?<have>\d+)\)/i,
  /prompt is too long: (?<have>\d+), model maximum context length: (?<most>\d+)/i,
  /current length is (?<have>\d+) while limit is (?<most>\d+)/i,
  /prompt token count of (?<have>\d+) exceeds the limit of (?<most>\d+)/i,
  // The same without numbers.
  /prompt is too long|input is too long for (?:the )?requested model|too many input tokens/i,
  /input length and `?max_tokens`? exceed context limit/i,
  /exceeds? the (?:available |model'?s )?(?:maximum )?context (?:window|length|size|limit)/i,
  /(?:maximum|max) context length (?:is|of) \d+/i,
  /maximum context length.{0,40}exceeded|context (?:window|length|size|limit).{0,9} exceed/i,
  /longer than the (?:maximum model length|model'?s context length)/i,
  /greater than the context length|context window exceeds limit/i,
  /input token count.{0,30}exceeds the maximum number of tokens/i,
  /exceeded max context length|exceeds? (?:the )?(?:n_ctx|context window)/i,
  /reduce the length of (?:the |your )?(?:messages|prompt|input|either one)/i,
  /`?inputs`? tokens \+ `?max_new_tokens`? must be <=/i,
  /total number of tokens in the prompt cannot exceed/i,
  /range of input length should be \[\d+, ?(?<most>\d+)\]/i,
];

/** Requests that exceed a whole minute's allowance: waiting does not make them smaller. */
const OVER_ALLOWANCE =
  /request too large for.{0,200}?limit:? (?<most>\d+), requested:? (?<have>\d+)/is;

const GROUPED_DIGITS = /(\d),(?=\d{3}\b)/g;

/** What a message says about a prompt that does not fit; null when it says no such thing. */
export function overflowOf(text: string): Overflow | null {
  const plain = text.replaceAll(GROUPED_DIGITS, "$1");
  for (const wording of WORDINGS) {
    const found = wording.exec(plain);
    if (found !== null) return countsOf(found.groups);
  }
  return overAllowance(text);
}

/** The same for a rate limit that no waiting helps against. */
export function overAllowance(text: string): Overflow | null {
  const found = OVER_ALLOWANCE.exec(text.replaceAll(GROUPED_DIGITS, "$1"));
  if (found === null) return null;
  const counts = countsOf(found.groups);
  const { tokens = 0, tokensMax = 0 } = counts;
  return tokens > tokensMax ? counts : null;
}

function countsOf(groups: Readonly<Record<string, string | undefined>> | undefined): Overflow {
  const have = count(groups?.["have"]);
  const most = count(groups?.["most"]);
  const tokens = have === undefined ? undefined : have + (count(groups?.["more"]) ?? 0);
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(most === undefined ? {} : { tokensMax: most }),
  };
}

/** A whole number that may be kept; anything else was no count of tokens. */
export function count(value: unknown): number | undefined {
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
