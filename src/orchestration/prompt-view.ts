import { HistoryRepair } from "../generation/history-repair.ts";
import type { SystemMessage } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import { HistoryShrink } from "../generation/shrink.ts";
import type { Message } from "../journal/message.ts";
import type { RunState } from "../journal/run.ts";
import type { Log } from "../std/log.ts";

/**
 * The prompt of the next turn. It grows with the history instead of being built anew: a turn pays
 * for its new messages and one copy of pointers, which keeps whoever gets it from reaching ours.
 * A history that is to be sent smaller, or to another provider than wrote it, is changed on the
 * way, message by message.
 */
export class PromptView {
  #plain = new PlainView();
  #changed: ChangedView | null = null;

  of(instructions: string, state: RunState, route: PreparedRoute): (SystemMessage | Message)[] {
    const { shrinks, messages } = state;
    const isForeign = state.makers.some(({ asked }) => providerOf(asked) !== route.provider);
    const isStrict = state.strictFor.includes(route.name);
    if (shrinks.length === 0 && !isForeign && !isStrict)
      return this.#plain.of(instructions, messages);
    const key = `${route.provider} ${shrinks.length} ${isForeign} ${isStrict}`;
    if (this.#changed?.key !== key || !this.#changed.isPrefixOf(messages)) {
      this.#changed = new ChangedView(key, state, {
        provider: route.provider,
        isForeign,
        isStrict,
      });
    }
    return this.#changed.of(instructions, state);
  }
}

class PlainView {
  #prompt: (SystemMessage | Message)[] = [];
  #taken = 0;
  #last: Message | undefined;

  of(instructions: string, messages: Log<Message>): (SystemMessage | Message)[] {
    const isGrown = messages.length >= this.#taken && messages.at(this.#taken - 1) === this.#last;
    if (this.#taken === 0 || !isGrown) {
      this.#prompt = opening(instructions);
      this.#taken = 0;
    }
    for (; this.#taken < messages.length; this.#taken++) {
      const message = messages.at(this.#taken);
      if (message !== undefined) this.#prompt.push(message);
    }
    this.#last = messages.at(this.#taken - 1);
    return this.#prompt.slice();
  }
}

class ChangedView {
  readonly key: string;
  readonly #shrink: HistoryShrink;
  readonly #repair: HistoryRepair | null;
  #makers: RunState["makers"];
  #taken = 0;
  #last: Message | undefined;

  constructor(
    key: string,
    { shrinks, makers }: RunState,
    to: { readonly provider: string; readonly isForeign: boolean; readonly isStrict: boolean },
  ) {
    this.key = key;
    this.#makers = makers;
    this.#shrink = new HistoryShrink(shrinks);
    const { provider, isForeign, isStrict: strict } = to;
    const madeBy = (index: number): string | undefined => this.#madeBy(index);
    this.#repair = isForeign || strict ? new HistoryRepair({ provider, strict, madeBy }) : null;
  }

  isPrefixOf(messages: Log<Message>): boolean {
    return messages.length >= this.#taken && messages.at(this.#taken - 1) === this.#last;
  }

  of(instructions: string, { messages, makers }: RunState): (SystemMessage | Message)[] {
    this.#makers = makers;
    for (; this.#taken < messages.length; this.#taken++) {
      const message = messages.at(this.#taken);
      if (message === undefined) continue;
      this.#shrink.push(message);
      const shrunk = this.#shrink.messages.at(this.#taken);
      if (shrunk !== undefined) this.#repair?.push(shrunk);
    }
    this.#last = messages.at(this.#taken - 1);
    const changed = this.#repair?.read().messages ?? this.#shrink.messages;
    return [...opening(instructions), ...changed];
  }

  #madeBy(index: number): string | undefined {
    const maker = this.#makers.findLast(({ from }) => from <= index);
    return maker === undefined ? undefined : providerOf(maker.asked);
  }
}

/** The endpoint in a route's name, `provider/model`: what one made another may not read. */
function providerOf(asked: string): string {
  return asked.split("/", 1)[0] ?? asked;
}

function opening(instructions: string): SystemMessage[] {
  return instructions === "" ? [] : [{ role: "system", content: instructions }];
}
