/**
 * The most tokens a prompt can have, without a tokenizer: what the provider counted last, plus
 * everything added since at one token per byte (no byte-level tokenizer makes more), plus a
 * margin for what chat templates put around each message.
 */
import type { Agent } from "./agent.ts";
import type { Session } from "./session.ts";

/** Tokens that a chat template may add around a message or a tool. */
const TEMPLATE_TOKENS = 16;

/** The prompt as the provider last counted it, with the answer that joined it. */
export interface CountedPrompt {
  readonly tokens: number;
  /** Messages that are in the count. */
  readonly messages: number;
}

export function promptTokensMax(session: Session, agent: Agent): number {
  const { messages } = session.state;
  const { counted } = session;
  const from = counted === null ? 0 : counted.messages;
  let tokens = counted === null ? promptHead(agent) : counted.tokens;
  for (let index = from; index < messages.length; index++) {
    tokens += bytesOf(messages.at(index)) + TEMPLATE_TOKENS;
  }
  return tokens;
}

/** Instructions and tools, which stay the same. */
const heads = new WeakMap<Agent, number>();

function promptHead(agent: Agent): number {
  const known = heads.get(agent);
  if (known !== undefined) return known;
  const tools = agent.toolSpecs.reduce((sum, spec) => sum + bytesOf(spec) + TEMPLATE_TOKENS, 0);
  const made = bytesOf(agent.definition.instructions) + tools + TEMPLATE_TOKENS;
  heads.set(agent, made);
  return made;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "", "utf8");
}
