import type { SystemMessage } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { Message } from "../journal/message.ts";
import type { RunState } from "../journal/run.ts";

/**
 * The prompt of the next turn. It grows with the history instead of being built anew: a turn pays
 * for its new messages and one copy of pointers, which keeps whoever gets it from reaching ours.
 */
export class PromptView {
  #prompt: (SystemMessage | Message)[] = [];
  #taken = 0;
  #last: Message | undefined;

  of(instructions: string, state: RunState, _route: PreparedRoute): (SystemMessage | Message)[] {
    const { messages } = state;
    const isGrown = messages.length >= this.#taken && messages.at(this.#taken - 1) === this.#last;
    if (this.#taken === 0 || !isGrown) {
      this.#prompt = instructions === "" ? [] : [{ role: "system", content: instructions }];
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
