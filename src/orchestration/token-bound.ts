/**
 * The most tokens a prompt and its answer can have, without a tokenizer: what the provider counted
 * last, plus everything added since at one token per byte (no byte-level tokenizer makes more),
 * plus a margin for what chat templates and providers put around it.
 */
import type { Usage } from "../journal/usage.ts";
import { isJsonObject, type Json } from "../std/json.ts";
import type { Agent } from "./agent.ts";
import type { Session } from "./session.ts";

/** Tokens that a chat template may add around a message, a call or a tool. */
const TEMPLATE_TOKENS = 16;

/**
 * Tokens that a provider may put into a prompt on its own. Anthropic documents about 350 for the
 * use of tools, and over 500 for some models.
 */
const HIDDEN_TOKENS = 1_024;

/** Sent as `maxOutputTokens` where a budget limits the model and the agent says nothing. */
export const OUTPUT_TOKENS = 8_192;

/** The prompt as the provider last counted it, with the answer that joined it. */
export interface CountedPrompt {
  /** The route whose provider counted: another's tokenizer may make more of the same text. */
  readonly asked: string;
  readonly tokens: number;
  /** Messages that are in the count. */
  readonly messages: number;
}

/** `asked`: the route that is to get the prompt; null: whichever, counted by bytes alone. */
export function promptTokensMax(session: Session, agent: Agent, asked: string | null): number {
  const { messages } = session.state;
  const counted = session.counted?.asked === asked ? session.counted : null;
  const from = counted === null ? 0 : counted.messages;
  let tokens = counted === null ? promptHead(agent) : counted.tokens;
  for (let index = from; index < messages.length; index++) tokens += tokensOf(messages.at(index));
  return Math.min(tokens, Number.MAX_SAFE_INTEGER);
}

/**
 * What the provider has just counted. The answer comes back in the next prompt with ids and
 * markers that the model did not write, so that its output tokens alone may be too few.
 */
export function countPrompt(session: Session, usage: Usage, asked: string): CountedPrompt | null {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === undefined || outputTokens === undefined) return null;
  const { messages } = session.state;
  const answer = Math.max(outputTokens, tokensOf(messages.at(-1)));
  return { asked, tokens: Math.ceil(inputTokens + answer), messages: messages.length };
}

/** What an answer may have: some providers let a model think beyond `maxOutputTokens`. */
export function outputTokensMax({ settings }: Pick<Agent, "settings">): number {
  const { maxOutputTokens = OUTPUT_TOKENS, providerOptions = {} } = settings;
  return Object.values(providerOptions)
    .flatMap((options) => (isJsonObject(options) ? Object.values(options) : []))
    .reduce<number>((sum, option) => sum + thinkingTokens(option), maxOutputTokens);
}

/** `thinking: { budgetTokens }` (Anthropic), `reasoningConfig: { budgetTokens }` (Bedrock). */
function thinkingTokens(option: Json | undefined): number {
  const tokens = isJsonObject(option) ? option["budgetTokens"] : 0;
  return typeof tokens === "number" && tokens > 0 ? Math.ceil(tokens) : 0;
}

/** Instructions and tools, which stay the same. */
const heads = new WeakMap<Agent, number>();

function promptHead(agent: Agent): number {
  const known = heads.get(agent);
  if (known !== undefined) return known;
  const tools = agent.toolSpecs.reduce((sum, spec) => sum + tokensOf(spec), 0);
  const made = tokensOf(agent.definition.instructions) + tools + HIDDEN_TOKENS;
  heads.set(agent, made);
  return made;
}

/** A message with many parts is wrapped as often. */
function tokensOf(value: unknown): number {
  const text = JSON.stringify(value) ?? "";
  const hasParts = typeof value === "object" && value !== null && "content" in value;
  const parts = hasParts && Array.isArray(value.content) ? value.content.length : 0;
  return Buffer.byteLength(text, "utf8") + TEMPLATE_TOKENS * (1 + parts);
}
