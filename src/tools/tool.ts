/**
 * A tool as its author writes it, and as the harness keeps it. The author's shape is a superset of
 * the AI SDK's `tool({description, inputSchema, execute})`: such a tool works unchanged, with the
 * careful default for what it did not declare.
 */
import { effectClasses } from "../journal/receipt.ts";
import { BridleError } from "../std/error.ts";
import { hashJson } from "../std/hash.ts";
import type { Json, JsonObject } from "../std/json.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";
import { undeclaredEffect, type Effect } from "./effect.ts";
import { checkGoverned, type Governed } from "./governed.ts";
import { readSchema, type InputSchema } from "./schema.ts";

/** The AI SDK's tool context, which is always empty here: a journal could not hold it. */
export type NoContext = Readonly<Record<string, never>>;

export const noContext: NoContext = Object.freeze({});

/** What `execute` is handed beside the input. */
export interface ToolContext {
  /** The same on every attempt, machine and resume of this call. Hand it to the outside system. */
  readonly idempotencyKey: string;
  readonly runId: string;
  /** The call's logical key within its run. */
  readonly callId: string;
  /** The id the model knows the call by (the AI SDK's name for it). */
  readonly toolCallId: string;
  /** 1 for the first run of this call, more when the harness tries again. */
  readonly attempt: number;
  /** Aborted at the deadline, on cancel and on shutdown past the drain time. */
  readonly abortSignal: AbortSignal;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  readonly deadline: number;
  /**
   * The conversation before the answer that made this call, for tools of the AI SDK: assign it to
   * the `ModelMessage[]` of the version in use.
   */
  readonly messages: never[];
  readonly context: NoContext;
  /** The open transaction of a `transactional` tool. */
  readonly tx?: unknown;
}

export interface ToolRetry {
  /** Attempts after the first, for failures that are known to be passing. */
  readonly retriesMax: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

// Method syntax: a tool over a narrower input is still a tool (the input is checked before).
export interface ToolDefinition<Input = never, Output = unknown> extends Governed<Input, Output> {
  /** A function, as the AI SDK allows, is asked once, at start-up. */
  readonly description?:
    | string
    | ((options: { readonly context: NoContext }) => string)
    | undefined;
  readonly inputSchema: unknown;
  execute?(input: Input, context: ToolContext): Output | PromiseLike<Output>;
  readonly effect?: Effect<Input>;
  /** What the receipt keeps of the output: the outside system's id above all. */
  receipt?(output: Output): Json;
  /** Default 60,000. */
  readonly timeoutMs?: number;
  /** Calls of this tool that run at once in this process. Default 64. */
  readonly concurrency?: number;
  readonly retry?: Partial<ToolRetry>;
  /** Told to the model provider as is, where it supports strict tools. */
  readonly strict?: boolean | undefined;
}

/** A tool ready to be called: schema compiled, defaults filled, fingerprint taken. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: InputSchema;
  readonly effect: Effect<never>;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly retry: ToolRetry;
  readonly strict: boolean;
  /** SHA-256 of what the model sees of it: name, description, schema. */
  readonly fingerprint: string;
  readonly definition: ToolDefinition;
}

/** Names what a provider accepts (OpenAI and Anthropic: letters, digits, `_`, `-`, up to 64). */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Names that begin so stand for what a model called and no provider would take back. */
export const RESERVED_PREFIX = "unknown-tool_";

const defaultRetry: ToolRetry = { retriesMax: 2, baseMs: 200, maxMs: 5_000 };

/** Types a tool definition from its `execute`; it adds nothing at run time. */
export function tool<Schema, Output>(
  definition: Omit<ToolDefinition<InferInput<Schema>, Output>, "inputSchema"> & {
    readonly inputSchema: Schema;
  },
): ToolDefinition<InferInput<Schema>, Output> {
  return definition;
}

/** The input type a schema library's object stands for; `any JSON` when it does not say. */
export type InferInput<Schema> = Schema extends {
  readonly "~standard": { readonly types?: { readonly output: infer Output } | undefined };
}
  ? Output
  : Schema extends { readonly _type: infer Output }
    ? Output
    : JsonObject;

/** Checks a definition and makes it ready. Throws `tool_invalid` with the next step. */
export async function prepareTool(name: string, definition: ToolDefinition): Promise<Tool> {
  const where = `Tool "${name}"`;
  if (!NAME.test(name) || name.startsWith(RESERVED_PREFIX)) {
    throw new BridleError("tool_invalid", `${where} has a name that providers refuse`, {
      hint: "Use letters, digits, _ and -, at most 64 of them.",
    });
  }
  checkDefinition(definition, where);
  const schema = await readSchema(definition.inputSchema, where);
  checkTakesObjects(schema, where);
  const description = descriptionOf(definition, where);
  const fingerprint = hashJson({ description, name, schema: schema.jsonSchema });
  return {
    name,
    description,
    schema,
    effect: checkEffect(definition.effect ?? undeclaredEffect, where),
    timeoutMs: positive(definition.timeoutMs ?? 60_000, `${where}: timeoutMs`),
    concurrency: positive(definition.concurrency ?? 64, `${where}: concurrency`),
    retry: checkRetry({ ...defaultRetry, ...definition.retry }, where),
    strict: definition.strict === true,
    fingerprint,
    definition,
  };
}

function descriptionOf({ description = "" }: ToolDefinition, where: string): string {
  const text: unknown =
    typeof description === "function" ? description({ context: noContext }) : description;
  if (typeof text === "string") return text;
  throw new BridleError("tool_invalid", `${where} has a description that is no text`, {
    hint: "Say in a sentence or two when to use the tool and when not.",
  });
}

/** What anything that claims to be a tool must have. Plain JavaScript comes through here too. */
function checkDefinition(definition: ToolDefinition, where: string): void {
  if (typeof definition !== "object" || definition === null) {
    throw new BridleError("tool_invalid", `${where} is not a tool definition`, {
      hint: "Write tool({ description, inputSchema, execute }).",
    });
  }
  if (definition.inputSchema === undefined || definition.inputSchema === null) {
    throw new BridleError("tool_invalid", `${where} has no inputSchema`, {
      hint: "Add inputSchema: z.object({ … }), or a JSON Schema object.",
    });
  }
  if (typeof definition.execute !== "function") {
    throw new BridleError("tool_invalid", `${where} has no execute function`, {
      hint: "Add execute: async (input, { idempotencyKey, abortSignal }) => ….",
    });
  }
  if ("contextSchema" in definition && definition.contextSchema !== undefined) {
    throw new BridleError("tool_invalid", `${where} needs a tool context, which is not supported`, {
      hint: "Close over what it needs, or make it part of the input.",
    });
  }
  checkGoverned(definition, where);
}

/** Providers send a tool's arguments as one object. */
function checkTakesObjects(schema: InputSchema, where: string): void {
  const { type } = schema.jsonSchema;
  const isObject = Array.isArray(type) ? type.includes("object") : type === "object";
  if (type === undefined || isObject) return;
  throw new BridleError("tool_invalid", `${where} takes ${JSON.stringify(type)}, not an object`, {
    hint: 'Wrap it: z.object({ value: … }), or { type: "object", properties: { … } }.',
  });
}

function checkEffect(effect: Tool["effect"], where: string): Tool["effect"] {
  const isEffect = typeof effect === "object" && effectClasses.includes(effect.class);
  const isComplete = isEffect && (effect.class !== "transactional" || effect.transactor);
  if (!isComplete) {
    throw new BridleError("tool_invalid", `${where} has an effect that is none`, {
      hint: "Write effect: read(), idempotent(), once({ reconcile }) or transactional(db).",
    });
  }
  if (effect.settlesWithinMs >= 0) return effect;
  throw new BridleError("limit_invalid", `${where}: settlesWithinMs is not a time in ms`);
}

/** No call is tried more often than this; a loop of its own belongs into the tool. */
const RETRIES_MAX = 100;

function checkRetry(retry: ToolRetry, where: string): ToolRetry {
  const { retriesMax, baseMs, maxMs } = retry;
  const isCount = Number.isSafeInteger(retriesMax) && retriesMax >= 0 && retriesMax <= RETRIES_MAX;
  if (isCount && baseMs >= 0 && maxMs >= 0 && maxMs <= TIMER_MAX_MS) return retry;
  throw new BridleError("limit_invalid", `${where}: its retry cannot work`, {
    hint: `retriesMax is 0 to ${RETRIES_MAX}; baseMs and maxMs are times in ms.`,
  });
}

function positive(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0 && value <= TIMER_MAX_MS) return value;
  throw new BridleError("limit_invalid", `${what} cannot be ${value}`, {
    hint: `Give a whole number from 1 to ${TIMER_MAX_MS}.`,
  });
}
