import type { Message } from "../journal/message.ts";
import { messageText } from "../journal/message.ts";
import type { Log } from "../std/log.ts";
import type { StepView } from "./agent.ts";

/** The turns of a run as stop conditions see them. Each message is looked at once. */
export class Steps {
  readonly #steps: StepView[] = [];
  #seen = 0;

  /** A list of the caller's own, so that a condition cannot reach ours. */
  upTo(messages: Log<Message>): StepView[] {
    for (; this.#seen < messages.length; this.#seen++) {
      const message = messages.at(this.#seen);
      if (message?.role === "assistant") this.#steps.push(stepOf(message));
    }
    return this.#steps.slice();
  }
}

function stepOf(message: Extract<Message, { role: "assistant" }>): StepView {
  const toolCalls = message.content.flatMap((part) =>
    part.type === "tool-call" ? [{ toolName: part.toolName, input: part.input }] : [],
  );
  return { text: messageText(message), toolCalls };
}
