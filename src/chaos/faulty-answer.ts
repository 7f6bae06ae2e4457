import { unreachable } from "../std/assert.ts";
import { BridleError } from "../std/error.ts";
import type { Action } from "./action-script.ts";
import { mintCallId } from "./call-mark.ts";
import type { ChatAnswer, ChatTool } from "./chat.ts";
import { invalidArguments, truncatedArguments, wrongArguments } from "./faulty-arguments.ts";
import { textAnswer } from "./oracle-model.ts";
import { simulationStream, type SimulatedDecision, type Simulation } from "./simulation.ts";

export interface FaultyTurn {
  readonly simulation: Simulation;
  readonly decided: SimulatedDecision;
  /** The schemas that arguments are broken against, where the client sent them. */
  readonly tools: readonly ChatTool[];
}

/** Puts an erring decision in words. */
export function faultyAnswer(turn: FaultyTurn): ChatAnswer {
  const { simulation, decided, tools } = turn;
  const random = simulationStream(simulation, `detail ${decided.decision}`);
  const action = actionOf(turn);
  switch (decided.kind) {
    case "malformed_arguments":
      return callAnswer(turn, action.name, truncatedArguments(action, random));
    case "unknown_tool":
      return callAnswer(turn, unknownName(action.name, tools), JSON.stringify(action.arguments));
    case "invalid_arguments":
      return callAnswer(turn, action.name, JSON.stringify(invalidArguments(action, tools, random)));
    case "wrong_value":
      return callAnswer(turn, action.name, JSON.stringify(wrongArguments(action, tools, random)));
    case "repeated_write":
    case "extra_write":
      return callAnswer(turn, action.name, JSON.stringify(action.arguments));
    case "early_done":
      return textAnswer(simulation.script.finalText);
    case "prose":
      return textAnswer(`I will now call ${action.name} and then report back.`);
    case "right":
      throw new BridleError("invariant_broken", "A right decision has no faulty answer.");
    default:
      return unreachable(decided.kind, "faultyAnswer");
  }
}

function actionOf(turn: FaultyTurn): Action {
  const { simulation, decided } = turn;
  const actions = decided.kind === "extra_write" ? simulation.extras : simulation.script.actions;
  const action = actions[decided.index ?? -1];
  if (action !== undefined) return action;
  throw new BridleError("invariant_broken", "A faulty decision concerns an action of the script.");
}

function callAnswer(turn: FaultyTurn, name: string, argumentsText: string): ChatAnswer {
  const { decision, kind, index = 0 } = turn.decided;
  const id = mintCallId(turn.simulation.script.key, { decision, kind, index });
  return { kind: "answer", toolCalls: [{ id, name, argumentsText }], finishReason: "tool_calls" };
}

/** Plausible and absent: a name that merely strays from a right one might be mapped back. */
export function unknownName(name: string, tools: readonly ChatTool[]): string {
  let unknown = `submit_${name}_request`;
  while (tools.some((tool) => tool.name === unknown)) unknown += "_2";
  return unknown;
}
