/** Conversations with providers as servers, through the gateway and their own clients. */
import { attemptModel } from "../../src/generation/gateway.ts";
import type { AssistantPart, Message } from "../../src/journal/message.ts";
import { user } from "./any-history.ts";
import { makers, serveMaker, type Maker, type ServedMaker } from "./wire-makers.ts";

const tools = [
  {
    name: "weather",
    description: "Use this to look up the weather of one city.",
    inputSchema: { type: "object", properties: { city: { type: "string" } } },
    strict: false,
  },
];

/** One request through the gateway and the provider's own client. */
export async function ask(
  served: ServedMaker,
  history: readonly Message[],
): Promise<{ readonly content: readonly AssistantPart[] | null; readonly why: string }> {
  const prompt = [{ role: "system", content: "Tell the weather." } as const, ...history];
  const { signal } = new AbortController();
  const request = { prompt, tools, settings: {}, abortSignal: signal };
  const generated = await attemptModel(served.model, request);
  return generated.kind === "answered"
    ? { content: generated.answer.content, why: "" }
    : { content: null, why: generated.fault.message };
}

function resultsOf(content: readonly AssistantPart[]): Message | null {
  const calls = content.flatMap((part) =>
    part.type === "tool-call" && part.providerExecuted !== true ? [part] : [],
  );
  if (calls.length === 0) return null;
  return {
    role: "tool",
    content: calls.map(({ toolCallId, toolName }) => {
      const output = {
        type: "json",
        value: { sky: "rain ".repeat(2_000), of: toolCallId },
      } as const;
      return { type: "tool-result", toolCallId, toolName, output };
    }),
  };
}

/** A conversation with a provider: its three answers, results, and a person in between. */
export async function converse(maker: Maker): Promise<{
  readonly history: readonly Message[];
  readonly provider: string;
}> {
  const served = await serveMaker(maker);
  const history: Message[] = [user("How is the weather in Paris and Rome?")];
  while (served.requests() < maker.answers.length) {
    const { content, why } = await ask(served, history);
    if (content === null) throw new Error(why);
    history.push({ role: "assistant", content });
    history.push(resultsOf(content) ?? user("And now?"));
  }
  return { history, provider: served.model.provider };
}

export const names: readonly string[] = Object.keys(makers);

export function maker(name: string): Maker {
  const found = makers[name];
  if (found === undefined) throw new Error(name);
  return found;
}
