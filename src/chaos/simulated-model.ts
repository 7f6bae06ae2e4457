/**
 * A model that errs at a known rate: the oracle, with a seeded error in some of its turns. A faulty
 * turn is one call, or one text, on its own: no sibling overtakes the action it displaced.
 */
import { countFaults, type DecisionKind, type FaultCounts } from "./decision-fault.ts";
import type { ChatMessage } from "./chat.ts";
import { faultyAnswer } from "./faulty-answer.ts";
import type { ChatModel } from "./model.ts";
import { rightAnswer } from "./oracle-model.ts";
import { advanceProgress, progressOf, startProgress } from "./progress.ts";
import {
  decideTurn,
  prepareSimulation,
  type SimulatedDecision,
  type SimulatedScript,
} from "./simulation.ts";

export interface SimulatedModel extends ChatModel {
  /** What the model decides for a conversation, without counting it as asked. Pure. */
  decide(messages: readonly ChatMessage[]): SimulatedDecision;
  /** The errors in the assistant turns of a whole conversation. Pure. */
  injectedIn(messages: readonly ChatMessage[]): FaultCounts;
  /** The errors handed out so far. Asking again for the same decision does not count again. */
  injected(): FaultCounts;
}

/** Throws `input_invalid` for a script, a rate or a mix that makes no sense. */
export function simulatedModel(script: SimulatedScript): SimulatedModel {
  const simulation = prepareSimulation(script);
  const handedOut = new Map<number, DecisionKind>();
  return {
    name: "noisy",
    decide: (messages) => decideTurn(simulation, progressOf(simulation.script, messages)),
    injected: () => countFaults(handedOut.values()),
    injectedIn: (messages) => {
      const progress = startProgress(simulation.script);
      const kinds: DecisionKind[] = [];
      for (const message of messages) {
        if (message.role === "assistant") kinds.push(decideTurn(simulation, progress).kind);
        advanceProgress(progress, message);
      }
      return countFaults(kinds);
    },
    answer: (request) => {
      const progress = progressOf(simulation.script, request.messages);
      const decided = decideTurn(simulation, progress);
      if (decided.kind === "right") return rightAnswer(progress);
      handedOut.set(decided.decision, decided.kind);
      return faultyAnswer({ simulation, decided, tools: request.tools });
    },
  };
}
