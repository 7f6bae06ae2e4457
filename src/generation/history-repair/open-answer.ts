/**
 * An answer whose calls wait for their results. Results are taken from wherever they come until
 * the model speaks again; what comes between waits behind them, because no provider takes a
 * conversation in which anything stands between a call and its result.
 */
import type {
  Message,
  ToolCallPart,
  ToolMessage,
  ToolResultPart,
  UserMessage,
} from "../../journal/message.ts";
import type { AskedCall } from "./answer.ts";
import { fitName, fitToolOutput, withoutMetadata, type Note } from "./part.ts";
import { unknownResult } from "./repair.ts";

/**
 * What waits behind an unanswered call is gone through in each turn, so it may not grow without
 * end: a result that comes after more messages than this comes too late.
 */
const HELD_MAX = 100;

export class OpenAnswer {
  readonly #asked: readonly AskedCall[];
  readonly #isOwn: boolean;
  readonly #results: (ToolResultPart | undefined)[];
  readonly #held: UserMessage[] = [];
  /** The one tool message that may go on as it is: it came first and gave every result. */
  #whole: ToolMessage | null = null;
  #missing: number;
  #tried = 0;

  constructor(asked: readonly AskedCall[], isOwn: boolean) {
    this.#asked = asked;
    this.#isOwn = isOwn;
    this.#results = asked.map(() => undefined);
    this.#missing = asked.length;
  }

  /** Nothing can come any more, or nothing may. */
  get isOver(): boolean {
    return this.#missing === 0 || this.#held.length > HELD_MAX;
  }

  hold(message: UserMessage): void {
    this.#held.push(message);
  }

  /** Takes the results that are waited for and hands the others back. */
  take(message: ToolMessage, note: Note): readonly ToolResultPart[] {
    const isDirect = this.#tried === 0 && this.#missing === this.#asked.length;
    this.#tried += 1;
    const strays: ToolResultPart[] = [];
    const places: number[] = [];
    for (const part of message.content) {
      const place = this.#give(part, note);
      if (place === -1) strays.push(part);
      else places.push(place);
    }
    const isInOrder = places.every((place, index) => place === index);
    const isMoved = !isDirect || this.#held.length > 0 || !isInOrder;
    if (isMoved && places.length > 0) note("moved_result");
    const isWhole =
      this.#missing === 0 &&
      !isMoved &&
      message.content.length === this.#asked.length &&
      message.content.every((part, index) => part === this.#results[index]);
    if (isWhole) this.#whole = message;
    return strays;
  }

  /** A result from elsewhere than a tool message. True when it was waited for. */
  takeFrom(part: ToolResultPart, note: Note): boolean {
    const isTaken = this.#give(part, note) !== -1;
    if (isTaken) note("moved_result");
    return isTaken;
  }

  /** The results and what waited behind them. Leaves this object as it was. */
  close(note: Note): readonly Message[] {
    if (this.#whole !== null) return [this.#whole, ...this.#held];
    const content = this.#asked.map(({ call }, index) => {
      const result = this.#results[index];
      if (result !== undefined) return result;
      note("missing_result");
      return resultOf(call, unknownResult);
    });
    return [{ role: "tool", content }, ...this.#held];
  }

  /** Whether this very output was given for a call of that id: it came twice. */
  hasGiven({ toolCallId, output }: ToolResultPart): boolean {
    const text = JSON.stringify(output);
    return this.#asked.some(
      ({ askedId }, index) =>
        askedId === toolCallId && JSON.stringify(this.#results[index]?.output) === text,
    );
  }

  /** Of several calls with one id, the first that waits gets the result. */
  #give(part: ToolResultPart, note: Note): number {
    const place = this.#asked.findIndex(
      ({ askedId }, index) => askedId === part.toolCallId && this.#results[index] === undefined,
    );
    const asked = this.#asked[place];
    if (asked === undefined) return -1;
    this.#results[place] = fitResult(part, asked.call, { isOwn: this.#isOwn, note });
    this.#missing -= 1;
    return place;
  }
}

function resultOf(
  { toolCallId, toolName }: ToolCallPart,
  output: ToolResultPart["output"],
): ToolResultPart {
  return { type: "tool-result", toolCallId, toolName, output };
}

function fitResult(
  part: ToolResultPart,
  { toolCallId, toolName }: ToolCallPart,
  { isOwn, note }: { readonly isOwn: boolean; readonly note: Note },
): ToolResultPart {
  if (fitName(part.toolName, () => undefined) !== toolName) note("result_name");
  const output = fitToolOutput(part.output, note);
  const readable = isOwn ? part : withoutMetadata(part, note);
  const isSame =
    part.toolCallId === toolCallId && part.toolName === toolName && output === part.output;
  return isSame ? readable : { ...readable, toolCallId, toolName, output };
}
