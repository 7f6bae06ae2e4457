/**
 * A history that did not fit, made smaller: the same payload is never sent twice.
 *
 * S1 A shrink is fixed when it is decided: it names the messages it is about by their place, so
 *    what came later is left alone and the older part has the same bytes in every later turn.
 * S2 Each message is shrunk by itself. The history keeps its length, its calls and their pairing;
 *    what users said, what the model said, and errors stay whole.
 * S3 Nothing grows, and a higher level leaves no more than a lower one.
 * S4 What is left out is said so in its place. The journal keeps the whole.
 */
import type {
  AssistantMessage,
  AssistantPart,
  Message,
  ToolMessage,
  ToolOutput,
} from "../journal/message.ts";
import type { Shrink } from "../journal/wire-event.ts";
import { isJsonObject, type JsonObject } from "../std/json.ts";
import { Log } from "../std/log.ts";
import { mapStrings } from "../std/map-strings.ts";
import { cutText } from "./shrink/cut-text.ts";

/**
 * 1: long outputs before the last turn are cut. 2: all outputs before it are cut short, reasoning
 * before it goes, long texts in arguments are cut. 3: the last turn's outputs are cut as well.
 */
export type ShrinkLevel = Shrink["level"];

const LEVELS: readonly ShrinkLevel[] = [1, 2, 3];

export interface ShrunkHistory {
  readonly messages: readonly Message[];
  /** Characters that a model reads less. */
  readonly savedChars: number;
  /** False: there is nothing to gain at this level. */
  readonly changed: boolean;
}

/** Characters of an output, by level; and of one text inside a call's arguments. */
const OLD_OUTPUT_MAX = 2_000;
const OLD_OUTPUT_SHORT_MAX = 400;
const LAST_OUTPUT_MAX = 8_000;
const ARGUMENT_MAX = 2_000;

export function planShrink(history: readonly Message[], level: ShrinkLevel): Shrink {
  const turnAt = history.findLastIndex(({ role }) => role === "assistant");
  return { level, upTo: history.length, turnAt: turnAt === -1 ? history.length : turnAt };
}

/**
 * The mildest further shrink that saves as much as is wanted, else the one that saves most; null
 * when nothing is left to save, and only then. So what is sent next is never what was refused.
 */
export function nextShrink(
  history: readonly Message[],
  shrinks: readonly Shrink[],
  wantedChars = 1,
): Shrink | null {
  const saved = shrinkHistory(history, shrinks).savedChars;
  let best: Shrink | null = null;
  let bestChars = 0;
  for (const level of LEVELS) {
    const shrink = planShrink(history, level);
    const chars = shrinkHistory(history, [...shrinks, shrink]).savedChars - saved;
    if (chars <= bestChars) continue;
    best = shrink;
    bestChars = chars;
    if (chars >= wantedChars) break;
  }
  return best;
}

/** All shrinks at once, each on its part of the history; where they meet, the stricter wins. */
export function shrinkHistory(
  history: readonly Message[],
  shrinks: readonly Shrink[],
): ShrunkHistory {
  let savedChars = 0;
  let changed = false;
  const messages = history.map((message, index) => {
    const shrunk = shrinkMessage(message, limitsAt(index, shrinks));
    if (shrunk === message) return message;
    changed = true;
    savedChars += charsOf(message) - charsOf(shrunk);
    return shrunk;
  });
  return { messages, savedChars, changed };
}

/** The same for a history that grows: a turn costs what is new. */
export class HistoryShrink {
  readonly #shrinks: readonly Shrink[];
  #messages: Log<Message> = Log.of();

  constructor(shrinks: readonly Shrink[]) {
    this.#shrinks = shrinks;
  }

  get messages(): Log<Message> {
    return this.#messages;
  }

  push(message: Message): void {
    const limits = limitsAt(this.#messages.length, this.#shrinks);
    this.#messages = this.#messages.append(shrinkMessage(message, limits));
  }
}

interface Limits {
  readonly outputMax: number;
  readonly argumentMax: number;
  readonly dropsReasoning: boolean;
}

const UNLIMITED: Limits = {
  outputMax: Number.POSITIVE_INFINITY,
  argumentMax: Number.POSITIVE_INFINITY,
  dropsReasoning: false,
};

/** What holds for the message at this place. */
function limitsAt(index: number, shrinks: readonly Shrink[]): Limits {
  let limits = UNLIMITED;
  for (const shrink of shrinks) {
    if (index >= shrink.upTo) continue;
    const { outputMax, argumentMax, dropsReasoning } = limitsOf(shrink, index < shrink.turnAt);
    limits = {
      outputMax: Math.min(limits.outputMax, outputMax),
      argumentMax: Math.min(limits.argumentMax, argumentMax),
      dropsReasoning: limits.dropsReasoning || dropsReasoning,
    };
  }
  return limits;
}

function limitsOf({ level }: Shrink, isOld: boolean): Limits {
  if (!isOld) return level === 3 ? { ...UNLIMITED, outputMax: LAST_OUTPUT_MAX } : UNLIMITED;
  if (level === 1) return { ...UNLIMITED, outputMax: OLD_OUTPUT_MAX };
  return { outputMax: OLD_OUTPUT_SHORT_MAX, argumentMax: ARGUMENT_MAX, dropsReasoning: true };
}

function shrinkMessage(message: Message, limits: Limits): Message {
  if (limits === UNLIMITED) return message;
  if (message.role === "tool") return shrinkResults(message, limits);
  if (message.role === "assistant") return shrinkAnswer(message, limits);
  return message;
}

function shrinkResults(message: ToolMessage, { outputMax }: Limits): ToolMessage {
  let hasChanged = false;
  const content = message.content.map((part) => {
    const output = shrinkOutput(part.output, outputMax);
    if (output === part.output) return part;
    hasChanged = true;
    return { ...part, output };
  });
  return hasChanged ? { ...message, content } : message;
}

/** JSON that is cut is no JSON any more. An error stays: it tells the model what not to do. */
function shrinkOutput(output: ToolOutput, charsMax: number): ToolOutput {
  if (output.type === "error-text") return output;
  const text = output.type === "json" ? JSON.stringify(output.value) : output.value;
  return text.length <= charsMax ? output : { type: "text", value: cutText(text, charsMax) };
}

function shrinkAnswer(message: AssistantMessage, limits: Limits): AssistantMessage {
  const content = shrinkArguments(dropReasoning(message.content, limits), limits);
  return content === message.content ? message : { ...message, content };
}

/**
 * Reasoning stays where nothing else would be left, and beside tools that the provider ran: it
 * looks those up together with the reasoning that led to them.
 */
function dropReasoning(
  content: readonly AssistantPart[],
  { dropsReasoning }: Limits,
): readonly AssistantPart[] {
  if (!dropsReasoning) return content;
  const rest = content.filter(({ type }) => type !== "reasoning");
  if (rest.length === content.length || rest.length === 0) return content;
  const isHarnessOnly = rest.every((part) => part.type === "text" || isHarnessCall(part));
  return isHarnessOnly ? rest.map(withoutItemId) : content;
}

function isHarnessCall(part: AssistantPart): boolean {
  return part.type === "tool-call" && part.providerExecuted !== true;
}

/**
 * OpenAI refuses an item by its id when the reasoning that came with it is gone: "Item 'msg_…' of
 * type 'message' was provided without its required 'reasoning' item". Without the id the part
 * goes with its content.
 */
function withoutItemId(part: AssistantPart): AssistantPart {
  const { providerOptions } = part;
  if (providerOptions === undefined) return part;
  const entries = Object.entries(providerOptions);
  if (!entries.some(([, options]) => isJsonObject(options) && "itemId" in options)) return part;
  const rest: JsonObject = Object.fromEntries(
    entries.map(([provider, options]) => {
      if (!isJsonObject(options)) return [provider, options];
      const { itemId: _gone, ...kept } = options;
      return [provider, kept];
    }),
  );
  return { ...part, providerOptions: rest };
}

/** Arguments stay an object of the same form; only long texts inside are cut. */
function shrinkArguments(
  content: readonly AssistantPart[],
  { argumentMax }: Limits,
): readonly AssistantPart[] {
  let changed: AssistantPart[] | undefined;
  for (const [index, part] of content.entries()) {
    if (part.type !== "tool-call" || part.providerExecuted === true) continue;
    const input = mapStrings(part.input, (text) => cutText(text, argumentMax));
    if (input === part.input) continue;
    changed ??= [...content];
    changed[index] = { ...part, input };
  }
  return changed ?? content;
}

function charsOf(message: Message): number {
  let chars = 0;
  for (const part of message.content) {
    if (part.type === "tool-call") chars += JSON.stringify(part.input).length;
    else if (part.type === "tool-result") chars += outputChars(part.output);
    else chars += part.text.length;
    // The ciphertext of reasoning is paid for like its text.
    if (part.type === "reasoning") chars += JSON.stringify(part.providerOptions ?? "").length;
  }
  return chars;
}

function outputChars(output: ToolOutput): number {
  return output.type === "json" ? JSON.stringify(output.value).length : output.value.length;
}
