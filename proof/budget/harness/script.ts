/** What the model says in each turn of a run, and what goes wrong with each request. */
import type { ChatAnswer, ChatToolCall } from "../../../src/chaos/door.ts";
import { chanceOf } from "../plan.ts";

/** Answers by the number of answers that the conversation holds. */
export function answerOf(n: number, turn: number): ChatAnswer {
  const names = callsOf(n, turn);
  if (names.length === 0) return { kind: "answer", text: "Done.", finishReason: "stop" };
  const toolCalls = names.map((name, place): ChatToolCall => {
    const id = `call_${n}_${turn}_${place}_${"x".repeat(20)}`;
    return { id, name, argumentsText: JSON.stringify({ n, place: `${turn}.${place}` }) };
  });
  return { kind: "answer", toolCalls, finishReason: "tool_calls" };
}

function callsOf(n: number, turn: number): readonly string[] {
  switch (turn) {
    case 0:
      return n % 2 === 0 ? ["look", "pay"] : ["look", "look", "note"];
    case 1:
      return n % 3 === 0 ? ["pay", "note"] : ["note"];
    case 2:
      return n % 4 === 0 ? ["pay", "look"] : [];
    default:
      return [];
  }
}

/**
 * Everything but `refused` is billed: `failed` is a gateway's 500 after the model has answered,
 * `cut` no answer at all, `half` one that breaks off, `late` one after the client's patience.
 */
export type Fault = "none" | "refused" | "failed" | "cut" | "half" | "late";

const mix: readonly (readonly [Fault, number])[] = [
  ["refused", 0.06],
  ["failed", 0.03],
  ["cut", 0.04],
  ["half", 0.03],
  ["late", 0.01],
];

export function faultOf(seed: string): Fault {
  let left = chanceOf(`${seed} goes wrong`);
  for (const [fault, share] of mix) {
    if (left < share) return fault;
    left -= share;
  }
  return "none";
}
