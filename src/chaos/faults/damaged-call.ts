/**
 * How a fault touches a call without misleading the models of this room. They remember what they
 * asked for in the ids of calls (see `call-mark.ts`), so a call that is not what the model meant
 * gets an id without a mark: it counts as done only where its name and arguments are right in the
 * history that comes back.
 */
import type { ChatAnswer, ChatToolCall } from "../chat.ts";
import type { Random } from "../../std/random.ts";
import type { FaultContext } from "../exchange.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Looks like a provider's id and carries no mark. */
export function plainId(random: Random): string {
  let id = "call_";
  while (id.length < 29) id += ALPHABET[Math.floor(random() * ALPHABET.length)] ?? "0";
  return id;
}

/** One of the answer's calls, by chance, as `change` returns it. Its siblings stay as they are. */
export function damageCall(
  answer: ChatAnswer,
  context: FaultContext,
  change: (call: ChatToolCall) => Omit<ChatToolCall, "id">,
): ChatAnswer {
  const calls = answer.toolCalls ?? [];
  const target = Math.floor(context.random() * calls.length);
  const call = calls[target];
  if (call === undefined) return answer;
  const damaged = change(call);
  const isSame = damaged.name === call.name && damaged.argumentsText === call.argumentsText;
  if (isSame) return answer;
  const id = plainId(context.random);
  return { ...answer, toolCalls: calls.with(target, { ...call, ...damaged, id }) };
}

/**
 * The same calls under ids without a mark, for faults that spoil them further down the wire: what
 * the client makes of such a call shows in its history alone.
 */
export function unmark(answer: ChatAnswer, context: FaultContext): ChatAnswer {
  if ((answer.toolCalls ?? []).length === 0) return answer;
  return renumber(answer, () => plainId(context.random));
}

/** At least two calls: a single one is asked for twice. */
export function withTwin(answer: ChatAnswer, context: FaultContext): ChatAnswer {
  const calls = answer.toolCalls ?? [];
  const [only] = calls;
  if (only === undefined || calls.length > 1) return answer;
  return { ...answer, toolCalls: [only, { ...only, id: plainId(context.random) }] };
}

/** Every call's id anew. */
export function renumber(
  answer: ChatAnswer,
  idOf: (index: number, call: ChatToolCall) => string,
): ChatAnswer {
  const toolCalls = (answer.toolCalls ?? []).map((call, index) => ({
    ...call,
    id: idOf(index, call),
  }));
  return { ...answer, toolCalls };
}
