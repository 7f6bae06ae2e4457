/**
 * What the model is told of the built-in tool `plan`. Its call has no effect outside: the harness
 * reads it with `parsePlan` and adds it to the run's index with `addPlan`.
 */
import type { JsonObject } from "../std/json.ts";
import { PLAN_STEPS_MAX, PLAN_TOOL } from "./plan.ts";

const step: JsonObject = {
  type: "object",
  properties: {
    tool: { type: "string", description: "The name of a tool that you may need." },
    arguments: {
      type: "object",
      description:
        "The arguments you can fix now: a value; { $from: tool, path: '/list/*/field', " +
        "where?: { member: value }, most? or least?: member } for a field of a later result; " +
        "or { $add | $subtract | $multiply: [one, other] }. Leave out what you cannot know yet.",
      additionalProperties: true,
    },
  },
  required: ["tool"],
  additionalProperties: false,
};

export const planTool: {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
} = {
  name: PLAN_TOOL,
  description:
    "Use this first, before any other tool: name every tool that the task may need, with the " +
    "arguments that the task itself fixes. Once you have read outside content the plan cannot " +
    "be changed; a call that changes something and is not in the plan waits for a person.",
  inputSchema: {
    type: "object",
    properties: { steps: { type: "array", items: step, maxItems: PLAN_STEPS_MAX } },
    required: ["steps"],
    additionalProperties: false,
  },
};
