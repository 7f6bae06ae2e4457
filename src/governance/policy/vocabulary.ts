/**
 * What policies of one agent may speak of: its tools as Cedar actions, their inputs and resources
 * as Cedar types. Cedar checks every policy against it before any is armed.
 */
import type { EffectClass } from "../../journal/receipt.ts";
import { effectClasses } from "../../journal/receipt.ts";
import { BridleError } from "../../std/error.ts";
import { canonicalJson, type JsonObject } from "../../std/json.ts";
import { emptyShape, shapeOf, type Invisible, type RecordShape } from "./shape.ts";

/** What the engine is told of one tool. */
export interface PolicyTool {
  readonly name: string;
  readonly effect: EffectClass;
  /** JSON Schema of the input. */
  readonly inputSchema: JsonObject;
  /** What a call acts on; absent: the tool itself. */
  readonly resource?: PolicyResource;
}

export interface PolicyResource {
  /** The Cedar entity type, for example `Order`. */
  readonly type: string;
  /** JSON Schema of an object. `tenant` is always there and need not be named. */
  readonly attributes?: JsonObject;
}

/** One action as policies see it. */
export interface ActionWords {
  /** The id in `Action::"id"`. */
  readonly id: string;
  /** Null: asking a model. */
  readonly tool: string | null;
  readonly groups: readonly string[];
  readonly input: RecordShape | null;
  readonly resourceType: string;
  /** Null: the resource is the tool or the model itself and has no attributes. */
  readonly attributes: RecordShape | null;
}

export interface Vocabulary {
  readonly tools: ReadonlyMap<string, ActionWords>;
  readonly model: ActionWords;
  readonly facts: RecordShape;
  readonly invisible: readonly Invisible[];
}

export const MODEL_ACTION = "model";
export const USER_TYPE = "User";
export const TOOL_TYPE = "Tool";
export const MODEL_TYPE = "Model";

/** `call` holds every tool, `write` all but those that only read, and each class its own. */
export const actionGroups: readonly string[] = ["call", "write", ...effectClasses];

/** A tool named like a group or like asking a model is `Action::"tool:read"`. */
export function actionIdOf(tool: string): string {
  return actionGroups.includes(tool) || tool === MODEL_ACTION ? `tool:${tool}` : tool;
}

const TYPE_NAME = /^[A-Za-z_]\w{0,63}(::[A-Za-z_]\w{0,63}){0,3}$/;
const TAKEN = new Set([USER_TYPE, TOOL_TYPE, MODEL_TYPE, "Action"]);
/** Words Cedar keeps for itself. */
const KEYWORDS = new Set(
  (
    "__cedar true false if then else in is like has " +
    "Bool Boolean Entity Extension Long Record Set String"
  ).split(" "),
);

function isKeyword(step: string): boolean {
  return KEYWORDS.has(step);
}

/** Throws `policy_invalid` when the tools cannot be told apart or typed. */
export function readVocabulary(tools: readonly PolicyTool[], facts?: JsonObject): Vocabulary {
  const invisible: Invisible[] = [];
  const types = new Map<string, string>();
  const words = new Map<string, ActionWords>();
  for (const tool of tools) {
    if (words.has(tool.name)) throw refused(`two tools are named "${tool.name}"`, "Rename one.");
    const input = shapeOf(tool.inputSchema, "input");
    invisible.push(...input.invisible.map((part) => inTool(part, tool.name)));
    const resource = tool.resource === undefined ? null : readResource(tool.resource, types);
    invisible.push(...(resource?.invisible ?? []).map((part) => inTool(part, tool.name)));
    words.set(tool.name, {
      id: actionIdOf(tool.name),
      tool: tool.name,
      groups: ["call", tool.effect, ...(tool.effect === "read" ? [] : ["write"])],
      input: input.shape,
      resourceType: tool.resource?.type ?? TOOL_TYPE,
      attributes: resource?.shape ?? null,
    });
  }
  const shaped = facts === undefined ? null : shapeOf(facts, "facts");
  invisible.push(...(shaped?.invisible ?? []));
  return {
    tools: words,
    model: {
      id: MODEL_ACTION,
      tool: null,
      groups: [],
      input: null,
      resourceType: MODEL_TYPE,
      attributes: null,
    },
    facts: shaped?.shape ?? emptyShape("facts"),
    invisible,
  };
}

function inTool({ path, why }: Invisible, tool: string): Invisible {
  return { path: `${tool}: ${path}`, why };
}

/** The tenant is given beside the attributes; an attribute of that name is not it. */
function readResource(
  resource: PolicyResource,
  types: Map<string, string>,
): { readonly shape: RecordShape; readonly invisible: readonly Invisible[] } {
  const { type, attributes = { type: "object", properties: {} } } = resource;
  if (!TYPE_NAME.test(type) || TAKEN.has(type) || type.split("::").some(isKeyword)) {
    throw refused(`"${type}" cannot be a resource type`, "Use a name of its own, like Order.");
  }
  const told = canonicalJson(attributes);
  if ((types.get(type) ?? told) !== told) {
    throw refused(
      `two tools give the resource type "${type}" different attributes`,
      "Give both the same schema, or name one of the types otherwise.",
    );
  }
  types.set(type, told);
  const { shape, invisible } = shapeOf(attributes, "resource");
  return {
    shape: { ...shape, members: shape.members.filter(({ name }) => name !== "tenant") },
    invisible,
  };
}

function refused(message: string, hint: string): BridleError {
  return new BridleError("policy_invalid", `Policies cannot be typed: ${message}`, { hint });
}
