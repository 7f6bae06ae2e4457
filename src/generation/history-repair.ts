/**
 * A run's history, made fit for the provider that is asked next: another one than before, another
 * version than wrote the journal, or one that refused the history as it was.
 *
 * H1 A history that is fine comes back as the same message objects, so the bytes that a provider
 *    keeps in its cache do not change.
 * H2 The ids of calls are unique and such as the target takes; they follow from the history alone.
 * H3 Each call has exactly one result, in the one message after the answer, in the calls' order.
 * H4 What a user or a model said is kept, in order, and so is every output of a call. Nothing is
 *    invented but what is said about a gap, and a result nobody recorded is never made up.
 * H5 Messages that follow one another never change what was handed out for those before them, so
 *    a turn costs what is new. Only behind a call without a result is the end provisional.
 * H6 Repairing twice is repairing once. It never throws.
 */
import type {
  AssistantMessage,
  Message,
  ToolMessage,
  ToolResultPart,
  UserMessage,
} from "../journal/message.ts";
import { Log } from "../std/log.ts";
import { repairAnswer } from "./history-repair/answer.ts";
import { CallIds } from "./history-repair/call-ids.ts";
import { dialectOf, type Dialect } from "./history-repair/dialect.ts";
import { OpenAnswer } from "./history-repair/open-answer.ts";
import { fitText, type Note } from "./history-repair/part.ts";
import { outputText } from "./history-repair/provider-tool.ts";
import { nextTurn, opening, resultsSeen, strayResult } from "./history-repair/repair.ts";
import type { Repair } from "./history-repair/repair.ts";

export interface RepairTarget {
  /**
   * The `provider` of the model object that is asked: `openai.responses`, `anthropic.messages`.
   * The part before the first dot decides the rules. All of it decides what is its own: two
   * endpoints of one maker do not read the same parts.
   */
  readonly provider: string;
  /**
   * The provider that made the answer which is message number `index`; see `makerOf`. Undefined:
   * nobody knows, so it is taken for another's and loses what only its maker can read.
   */
  readonly madeBy: (index: number) => string | undefined;
  /**
   * After a refusal of the history: no reasoning, no metadata, new ids for all calls, and what
   * providers ran themselves as text.
   */
  readonly strict?: boolean;
}

export interface RepairedHistory {
  readonly messages: readonly Message[];
  readonly repairs: readonly Repair[];
}

/** The provider in the name of a model as the journal has it: `openai.responses/gpt-5`. */
export function makerOf(model: string): string {
  return model.split("/", 1)[0] ?? "";
}

/** A whole history at once. */
export function repairHistory(history: Iterable<Message>, target: RepairTarget): RepairedHistory {
  const repair = new HistoryRepair(target);
  for (const message of history) repair.push(message);
  const { messages, repairs } = repair.read();
  return { messages: messages.toArray(), repairs: repairs.toArray() };
}

/** Persistent, so that an end can be tried out and what was handed out stays as it is. */
export interface RepairedLogs {
  readonly messages: Log<Message>;
  readonly repairs: Log<Repair>;
}

/** The same for a history that grows. */
export class HistoryRepair {
  readonly #target: RepairTarget;
  readonly #dialect: Dialect;
  readonly #ids: CallIds;
  readonly #begun = new Set<string>();
  #page: RepairedLogs = { messages: Log.of(), repairs: Log.of() };
  #read: RepairedLogs | null = null;
  /** The last answer with calls; it is open until each has its result or the model goes on. */
  #answer: OpenAnswer | null = null;
  #isOpen = false;
  #index = -1;
  #answerIndex = 0;

  constructor(target: RepairTarget) {
    this.#target = target;
    this.#dialect = dialectOf(target.provider);
    this.#ids = new CallIds(this.#dialect);
  }

  push(message: Message): void {
    this.#read = null;
    this.#index += 1;
    switch (message.role) {
      case "user":
        this.#pushUser(message);
        break;
      case "assistant":
        this.#pushAnswer(message);
        break;
      case "tool":
        this.#pushResults(message);
        break;
      default:
        // A role of a newer version: the provider package says whether it knows it.
        this.#page = this.#write(this.#page, message);
    }
    if (this.#isOpen && this.#answer?.isOver === true) this.#close();
  }

  /** The history for the target as far as it was pushed. */
  read(): RepairedLogs {
    this.#read ??= this.#isOpen ? this.#closed() : this.#page;
    return this.#read;
  }

  #pushUser(message: UserMessage): void {
    const repaired = this.#repairUser(message);
    if (repaired === null) return;
    if (this.#isOpen) this.#answer?.hold(repaired);
    else this.#page = this.#write(this.#page, repaired);
  }

  #repairUser(message: UserMessage): UserMessage | null {
    const note = this.#note;
    const { refusesBlankText } = this.#dialect;
    const content = message.content.flatMap((part) => {
      if (part.text === "" || (refusesBlankText && part.text.trim() === "")) {
        note("empty_text");
        return [];
      }
      const text = fitText(part.text, note);
      return [text === part.text ? part : { ...part, text }];
    });
    if (content.length === 0) {
      note("empty_message");
      return null;
    }
    const isSame =
      content.length === message.content.length &&
      content.every((part, index) => part === message.content[index]);
    return isSame ? message : { role: "user", content };
  }

  #pushAnswer(message: AssistantMessage): void {
    const { provider, madeBy, strict = false } = this.#target;
    const isOwn = !strict && madeBy(this.#index) === provider;
    const { ownId, foreignId } = this.#dialect;
    const allowedId = strict ? null : isOwn ? ownId : foreignId;
    const repaired = repairAnswer(message, {
      dialect: this.#dialect,
      isOwn,
      allowedId,
      ids: this.#ids,
      begun: this.#begun,
      note: this.#note,
    });
    // What says nothing is gone, and does not part the answer before it from its results either.
    if (repaired.message === null) return;
    this.#close();
    this.#page = this.#write(this.#page, repaired.message);
    this.#answer = new OpenAnswer(repaired.calls, isOwn);
    this.#answerIndex = this.#index;
    this.#isOpen = repaired.calls.length > 0;
    for (const part of repaired.results) {
      if (!this.#answer.takeFrom(part, this.#note)) this.#pushStray(part);
    }
  }

  #pushResults(message: ToolMessage): void {
    if (message.content.length === 0) this.#note("empty_message");
    const strays = this.#isOpen ? this.#answer?.take(message, this.#note) : message.content;
    for (const part of strays ?? []) this.#pushStray(part);
  }

  /** A result that nothing waits for. */
  #pushStray(part: ToolResultPart): void {
    const { output, toolName } = part;
    if (this.#answer?.hasGiven(part) === true) {
      this.#note("repeated_result");
      return;
    }
    this.#note("orphan_result");
    const text = outputText(output);
    if (text.trim() === "" || text === "null") return;
    const isError = output.type === "error-text";
    const stray = strayResult(fitText(toolName, this.#note), fitText(text, this.#note), isError);
    if (this.#isOpen) this.#answer?.hold(stray);
    else this.#page = this.#write(this.#page, stray);
  }

  #close(): void {
    if (this.#isOpen) this.#page = this.#closed();
    this.#isOpen = false;
  }

  /** The page with the open answer at its end. */
  #closed(): RepairedLogs {
    let page = this.#page;
    const note: Note = (kind) => void (page = noted(page, { kind, at: this.#answerIndex }));
    for (const message of this.#answer?.close(note) ?? []) page = this.#write(page, message);
    return page;
  }

  /** Puts a message at the end, with the speaker before it that the target wants there. */
  #write(page: RepairedLogs, message: Message): RepairedLogs {
    const between = this.#speakerBefore(page.messages.at(-1), message);
    if (between === null) return { ...page, messages: page.messages.append(message) };
    const messages = page.messages.append(between, message);
    return noted({ ...page, messages }, { kind: "speaker", at: this.#index });
  }

  #speakerBefore(last: Message | undefined, next: Message): Message | null {
    if (last === undefined) return next.role === "user" ? null : opening;
    const { separatesAnswers, answersResults } = this.#dialect;
    if (separatesAnswers && last.role === "assistant" && next.role === "assistant") {
      return next.content.some(({ type }) => type === "tool-call") ? nextTurn : null;
    }
    if (answersResults && last.role === "tool" && next.role === "user") {
      return resultsSeen;
    }
    return null;
  }

  readonly #note: Note = (kind) => {
    this.#page = noted(this.#page, { kind, at: this.#index });
  };
}

/** One line for each kind of repair of a message. */
function noted(page: RepairedLogs, repair: Repair): RepairedLogs {
  for (let i = -1; page.repairs.at(i)?.at === repair.at; i--) {
    if (page.repairs.at(i)?.kind === repair.kind) return page;
  }
  return { ...page, repairs: page.repairs.append(repair) };
}
