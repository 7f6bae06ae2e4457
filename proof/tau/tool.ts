/**
 * A domain tool: one public tool's schema joined to what it does to the database.
 *
 * T1 A refused call changes nothing.
 * T2 A read changes nothing.
 * T3 A result is a value of its own: later calls never change it.
 */
import type { Json, JsonObject } from "../../src/std/json.ts";
import type { Db } from "./db.ts";

/** A write changes the database, or (the transfer to a person) something outside it. */
type ToolEffect = "read" | "write";

export interface DomainTool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments, an object schema. */
  readonly parameters: JsonObject;
  readonly effect: ToolEffect;
  /** A string is shown as it is, anything else as JSON. Throws `ToolRefusal`. */
  run(db: Db, args: JsonObject): Json;
}

/** What a tool does, before it is given its public schema. */
export interface Behaviour<D extends Db> {
  readonly effect: ToolEffect;
  run(db: D, args: JsonObject): Json;
}

/** The domain says no. The message is the public tool's own, without its `Error: ` in front. */
export class ToolRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolRefusal";
  }
}

/** What one call showed its caller; `text` is what the recorded runs hold for such a call. */
export interface ToolOutcome {
  readonly kind: "result" | "refused";
  readonly text: string;
}

/** Runs a tool and turns a refusal into an outcome. Any other error is a defect and passes. */
export function callTool(tool: DomainTool, db: Db, args: JsonObject): ToolOutcome {
  try {
    const result = tool.run(db, args);
    return { kind: "result", text: typeof result === "string" ? result : JSON.stringify(result) };
  } catch (thrown) {
    if (!(thrown instanceof ToolRefusal)) throw thrown;
    return { kind: "refused", text: `Error: ${thrown.message}` };
  }
}
