/**
 * What the provider outside counts: tokens as tokenizers of every quality make them, from one in
 * four bytes to one for each byte of what is on the wire, and a template around every message,
 * call and tool.
 */
import type { ChatAnswer, ChatRequest } from "../../../src/chaos/door.ts";
import { chanceOf } from "../plan.ts";
import { HIDDEN_TOKENS, MAX_OUTPUT_TOKENS } from "./plan.ts";

const BYTES_PER_TOKEN = [1, 1.5, 2, 3, 4] as const;
const TEMPLATE_MIN = 3;
const TEMPLATE_SPAN = 14;

export interface Metered {
  readonly input: number;
  readonly output: number;
}

export function meter(
  n: number,
  request: ChatRequest,
  given: { readonly answer: ChatAnswer; readonly seed: string },
): Metered {
  const { answer, seed } = given;
  const perToken = BYTES_PER_TOKEN[n % BYTES_PER_TOKEN.length] ?? 1;
  const around = TEMPLATE_MIN + Math.floor(TEMPLATE_SPAN * chanceOf(`${n} template`));
  const texts = [
    ...request.messages.flatMap(textsOf),
    ...request.tools.map((tool) => tool.name + JSON.stringify(tool.parameters)),
  ];
  const input = texts.reduce((sum, text) => sum + tokensOf(text, perToken) + around, 0);
  const written = (answer.toolCalls ?? []).map((call) => call.name + call.argumentsText);
  const said = [answer.text ?? "", ...written].reduce(
    (sum, text) => sum + tokensOf(text, perToken),
    0,
  );
  // Thoughts that nobody sees are billed all the same.
  const thought = Math.floor(chanceOf(`${seed} thinks`) ** 2 * MAX_OUTPUT_TOKENS);
  const output = Math.min(MAX_OUTPUT_TOKENS, said + thought);
  return { input: input + HIDDEN_TOKENS, output };
}

/** A message as often as a template wraps it. */
function textsOf(message: ChatRequest["messages"][number]): readonly string[] {
  if (message.role !== "assistant") {
    return [message.text + (message.role === "tool" ? message.callId : "")];
  }
  const calls = message.toolCalls.map((call) => call.id + call.name + call.argumentsText);
  return [message.text, ...calls];
}

function tokensOf(text: string, perToken: number): number {
  return Math.ceil(Buffer.byteLength(text) / perToken);
}
