/** The recorded GPT-4o airline runs of tau-bench: what was called, what came back, what was said. */
import { join } from "node:path";
import { parseJson, type Json, type JsonObject } from "../../src/std/json.ts";
import { readJson } from "./files.ts";
import { expectList, expectNumber, expectObject, expectText, fieldOf, isList } from "./shape.ts";
import type { TaskAction } from "./task.ts";

export interface RecordedCall {
  /** The model's own id. 49 runs use one twice, so it does not tell calls apart. */
  readonly callId: string;
  readonly name: string;
  readonly arguments: JsonObject;
  /** The tool's text as the model saw it. */
  readonly result: string;
  /** How much of the run's `talk` lay before this call. */
  readonly talkBefore: number;
  /** How many calls the same message asked for; only the first was ever made. */
  readonly callsTogether: number;
  /** The same message also said something to the customer. */
  readonly spokeToo: boolean;
}

/** One text of the conversation. */
export interface Said {
  readonly by: "customer" | "agent";
  readonly text: string;
}

/** One of four trials of one task. */
export interface RecordedRun {
  /** tau-bench's number of the task, 0 to 49; its labels are older than tau2's. */
  readonly taskId: number;
  readonly trial: number;
  /** The customer the task is about, for telling tasks of later label sets that are about them. */
  readonly customerId: string;
  /** True for reward 1. */
  readonly passed: boolean;
  /** False for the runs that ended before the scorer saw them; all of those count as failed. */
  readonly isScored: boolean;
  readonly calls: readonly RecordedCall[];
  /** The assistant's texts to the user. */
  readonly said: readonly string[];
  /** What both sides said, in order. */
  readonly talk: readonly Said[];
  /** The reference solution the reward was given by. */
  readonly actions: readonly TaskAction[];
  /** Texts the assistant had to say for the reward. */
  readonly outputs: readonly string[];
}

/** All 200 runs. The database has since renamed `province` to `state`; results here follow. */
export function loadRecordedRuns(dataRoot: string): readonly RecordedRun[] {
  const path = join(dataRoot, "tau-bench/historical_trajectories/gpt-4o-airline.json");
  return expectList(readJson(path), "recorded runs").map(parseRun);
}

function parseRun(run: Json): RecordedRun {
  const messages = expectList(fieldOf(run, "traj"), "messages");
  const info = fieldOf(run, "info");
  const task = fieldOf(info, "task");
  return {
    taskId: expectNumber(fieldOf(run, "task_id"), "task id"),
    trial: expectNumber(fieldOf(run, "trial"), "trial"),
    customerId: expectText(fieldOf(task, "user_id"), "customer id"),
    passed: fieldOf(run, "reward") === 1,
    isScored: fieldOf(fieldOf(info, "reward_info"), "reward") !== undefined,
    calls: pairCalls(messages),
    talk: messages.flatMap(saidIn),
    said: messages.filter(isSaid).map((message) => expectText(fieldOf(message, "content"), "text")),
    actions: expectList(fieldOf(task, "actions"), "actions").map((action) => ({
      name: expectText(fieldOf(action, "name"), "action name"),
      arguments: expectObject(fieldOf(action, "kwargs"), "action arguments"),
    })),
    outputs: expectList(fieldOf(task, "outputs"), "outputs").map((output) =>
      expectText(output, "output"),
    ),
  };
}

/** What was said by a message, if anything was. A call without words says nothing. */
function saidIn(message: Json): readonly Said[] {
  const role = fieldOf(message, "role");
  const text = fieldOf(message, "content");
  if (typeof text !== "string" || (role !== "user" && role !== "assistant")) return [];
  return [{ by: role === "user" ? "customer" : "agent", text }];
}

function isSaid(message: Json): boolean {
  return (
    fieldOf(message, "role") === "assistant" && typeof fieldOf(message, "content") === "string"
  );
}

/** The recorder made one call at a time, so each result belongs to the first call just before. */
function pairCalls(messages: readonly Json[]): readonly RecordedCall[] {
  return messages.flatMap((message, position) => {
    if (fieldOf(message, "role") !== "tool") return [];
    const calls = fieldOf(messages[position - 1], "tool_calls");
    const [call, ...others] = isList(calls) ? calls : [];
    const made = fieldOf(call, "function");
    const args = parseJson(expectText(fieldOf(made, "arguments"), "call arguments"));
    return [
      {
        callId: expectText(fieldOf(call, "id"), "call id"),
        name: expectText(fieldOf(made, "name"), "call name"),
        arguments: expectObject(args.ok ? args.value : undefined, "call arguments"),
        result: expectText(fieldOf(message, "content"), "result").replaceAll(
          '"province":',
          '"state":',
        ),
        talkBefore: messages.slice(0, position - 1).flatMap(saidIn).length,
        callsTogether: 1 + others.length,
        spokeToo: saidIn(messages[position - 1] ?? null).length > 0,
      },
    ];
  });
}
