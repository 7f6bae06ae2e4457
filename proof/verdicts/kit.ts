/** How the tools of a scenario reach the outside service. */
import { idempotent, once, read, type ToolContext, type ToolDefinition } from "../../src/index.ts";
import { canonicalJson, type JsonObject } from "../../src/std/json.ts";
import type { Facts } from "./book.ts";
import type { Service } from "./outside.ts";

export interface ActParts extends Pick<ToolDefinition, "claims" | "obliges" | "concurrency"> {
  readonly says: string;
  readonly fields: Fields;
  /** Default: honours the key it is handed. */
  readonly effect?: "idempotent" | "once";
}

/** Arguments by name: text or a whole number. All are required and no others are taken. */
export type Fields = Readonly<Record<string, "text" | "whole">>;

export interface Kit {
  act(name: string, parts: ActParts): ToolDefinition;
  look(name: string, parts: Pick<ActParts, "says" | "fields" | "obliges">): ToolDefinition;
  /** What is so in the service, for the desk of this run. */
  facts(runId: string): Promise<Facts>;
}

/** Which desk a run works at; asked before it is known, the answer waits. */
export class Desks {
  readonly #byRun = new Map<string, PromiseWithResolvers<string>>();

  assign(runId: string, desk: string): void {
    this.#entry(runId).resolve(desk);
  }

  of(runId: string): Promise<string> {
    return this.#entry(runId).promise;
  }

  #entry(runId: string): PromiseWithResolvers<string> {
    const known = this.#byRun.get(runId);
    if (known !== undefined) return known;
    const made = Promise.withResolvers<string>();
    this.#byRun.set(runId, made);
    return made;
  }
}

const retry = { retriesMax: 2, baseMs: 2, maxMs: 4 };

/** An effect has landed or never will when the connection is gone. */
const SETTLES_WITHIN_MS = 20;

export function kitOf(service: Service, desks: Desks): Kit {
  const ask = async (
    name: string,
    args: JsonObject,
    context: ToolContext,
  ): Promise<{
    readonly desk: string;
    readonly name: string;
    readonly args: JsonObject;
    readonly signal: AbortSignal;
  }> => ({ desk: await desks.of(context.runId), name, args, signal: context.abortSignal });
  const find = async ({ key, runId }: { readonly key: string; readonly runId: string }) =>
    service.find(await desks.of(runId), key);
  return {
    act: (name, { says, fields, effect = "idempotent", ...more }) => ({
      description: says,
      inputSchema: schemaOf(fields),
      retry,
      effect:
        effect === "once"
          ? once({ reconcile: find, settlesWithinMs: SETTLES_WITHIN_MS })
          : idempotent(),
      execute: async (args: JsonObject, context: ToolContext) => {
        const { idempotencyKey: key } = context;
        return service.act({ ...(await ask(name, args, context)), key });
      },
      ...more,
    }),
    look: (name, { says, fields, ...more }) => ({
      description: says,
      inputSchema: schemaOf(fields),
      retry,
      effect: read(),
      execute: async (args: JsonObject, context: ToolContext) =>
        service.look(await ask(name, args, context)),
      ...more,
    }),
    facts: async (runId) => service.facts(await desks.of(runId)),
  };
}

function schemaOf(fields: Fields): JsonObject {
  const properties = Object.entries(fields).map(([name, kind]) => {
    return [name, kind === "text" ? { type: "string", minLength: 1 } : { type: "integer" }];
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: Object.keys(fields),
    additionalProperties: false,
  };
}

/** Whether two lists hold the same bodies, in whatever order. */
export function sameBodies(left: readonly JsonObject[], right: readonly JsonObject[]): boolean {
  const texts = (bodies: readonly JsonObject[]): string =>
    bodies
      .map((body) => canonicalJson(body))
      .sort()
      .join("\n");
  return texts(left) === texts(right);
}
