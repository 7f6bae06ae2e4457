/**
 * A fixed list of answers, for tests that say what the model does turn by turn.
 *
 * The position is the number of assistant messages in the request, so that a conversation always
 * gets the same answer. A `fail` step is the one exception: it stands before the answer that
 * follows it and is spent once it was sent, because a client that retries sends the very same
 * conversation again.
 */
import { BridleError } from "../std/error.ts";
import type { Json, JsonObject } from "../std/json.ts";
import { mintCallId } from "./call-mark.ts";
import {
  chatFailure,
  type ChatFailure,
  type ChatReply,
  type ChatRequest,
  type ChatToolCall,
  type FinishReason,
} from "./chat.ts";
import type { ChatModel } from "./model.ts";

export interface ScriptedCall {
  readonly name: string;
  readonly arguments?: JsonObject;
  /** Sent as written, in place of `arguments`: for text that is not JSON. */
  readonly argumentsText?: string;
  /** Left out: minted from the key and the position. */
  readonly id?: string;
}

interface StepParts {
  /** False makes the request unexpected: it is refused and told by `assertComplete`. */
  readonly expect?: (request: ChatRequest) => boolean;
  /** Left out: `tool_calls` with calls, else `stop`. */
  readonly finishReason?: FinishReason;
}

export type AnswerStep =
  | (StepParts & { readonly text: string })
  | (StepParts & { readonly text?: string; readonly call: ScriptedCall })
  | (StepParts & { readonly text?: string; readonly calls: readonly ScriptedCall[] });

export interface FailStep {
  readonly fail: {
    readonly status: number;
    readonly body: Json;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export type ScriptedStep = AnswerStep | FailStep;

export interface ScriptedModel extends ChatModel {
  /** Throws `model_failed`, listing the steps nobody asked for and the unexpected requests. */
  assertComplete(): void;
}

/** The steps of one position: failures to send first, then the answer, if there is one. */
interface Position {
  readonly fails: FailStep["fail"][];
  step?: AnswerStep;
  failsSent: number;
  isAnswered: boolean;
}

/** Told in full up to so many; after that only counted. */
const UNEXPECTED_MAX = 20;

/** A strict script: what it does not foresee is a 400, which no client retries. */
export function scriptedModel(steps: readonly ScriptedStep[], key = ""): ScriptedModel {
  const positions = groupByPosition(steps);
  const unexpected: string[] = [];
  let unexpectedCount = 0;
  const refuse = (what: string): ChatFailure => {
    unexpectedCount += 1;
    if (unexpected.length < UNEXPECTED_MAX) unexpected.push(what);
    return chatFailure({
      status: 400,
      code: "script_unexpected",
      message: `Scripted model: ${what}`,
    });
  };
  return {
    name: "scripted",
    answer: (request) => {
      const index = request.messages.filter((message) => message.role === "assistant").length;
      const position = positions[index];
      const fail = position?.fails[position.failsSent];
      if (position !== undefined && fail !== undefined) {
        position.failsSent += 1;
        return { kind: "failure", ...fail };
      }
      if (position?.step === undefined) {
        return refuse(`there is no step ${index}; the script answers ${countAnswers(positions)}.`);
      }
      if (position.step.expect?.(request) === false) {
        return refuse(`the request for step ${index} is not what the step expects.`);
      }
      position.isAnswered = true;
      return answerOf(position.step, key, index);
    },
    assertComplete: () => {
      const problems = [
        ...positions.entries().flatMap(openSteps),
        ...told(unexpected, unexpectedCount),
      ];
      if (problems.length === 0) return;
      throw new BridleError(
        "model_failed",
        `The script was not played as written: ${problems.join(" ")}`,
        {
          hint: "Compare the steps with the requests that were made.",
        },
      );
    },
  };
}

function groupByPosition(steps: readonly ScriptedStep[]): readonly Position[] {
  const positions: Position[] = [];
  let fails: FailStep["fail"][] = [];
  for (const step of steps) {
    if ("fail" in step) {
      fails.push(step.fail);
      continue;
    }
    positions.push({ fails, step, failsSent: 0, isAnswered: false });
    fails = [];
  }
  if (fails.length > 0) positions.push({ fails, failsSent: 0, isAnswered: false });
  return positions;
}

function answerOf(step: AnswerStep, key: string, index: number): ChatReply {
  const toolCalls = callsOf(step).map((call, nth): ChatToolCall => ({
    id: call.id ?? mintCallId(key, { decision: index, kind: "right", index: nth }),
    name: call.name,
    argumentsText: call.argumentsText ?? JSON.stringify(call.arguments ?? {}),
  }));
  return {
    kind: "answer",
    ...(step.text === undefined ? {} : { text: step.text }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    finishReason: step.finishReason ?? (toolCalls.length === 0 ? "stop" : "tool_calls"),
  };
}

function callsOf(step: AnswerStep): readonly ScriptedCall[] {
  if ("calls" in step) return step.calls;
  return "call" in step ? [step.call] : [];
}

function countAnswers(positions: readonly Position[]): string {
  const count = positions.filter((position) => position.step !== undefined).length;
  return count === 1 ? "1 request" : `${count} requests`;
}

function openSteps([index, position]: [number, Position]): readonly string[] {
  const failsLeft = position.fails.length - position.failsSent;
  const open = failsLeft > 0 ? [`Step ${index} has ${failsLeft} failure(s) not sent.`] : [];
  if (position.step === undefined || position.isAnswered) return open;
  return [...open, `Step ${index} was not asked for.`];
}

function told(unexpected: readonly string[], count: number): readonly string[] {
  const lines = unexpected.map((what) => `Unexpected: ${what}`);
  const left = count - lines.length;
  return left > 0 ? [...lines, `And ${left} more unexpected requests.`] : lines;
}
