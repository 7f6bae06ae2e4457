/**
 * What a run is for, fixed when it is accepted. Plain data: it is journaled with the run, so that
 * what "done" means cannot change after the fact. Checks that are functions live with the agent.
 */
import type { Json, JsonObject } from "../std/json.ts";

/** Something the run must have done, or have declined with a reason, before it may succeed. */
export interface Obligation {
  /** Unique in its run; how the model and people name it. */
  readonly id: string;
  /** One sentence for the model and for people. */
  readonly what: string;
  /** The tool whose receipt meets it. */
  readonly tool: string;
  /** Members that the receipt's input must have; nested objects may have more, lists may not. */
  readonly input?: JsonObject;
  /** The same of its output. */
  readonly output?: Json;
  /** Whether the model may decline it with a reason. Absent: only a person may. */
  readonly declinable?: boolean;
}

/** A postcondition as data: how many receipts of this kind there must be at the end. */
export interface Condition {
  readonly name: string;
  readonly tool: string;
  /** JSON Schema of the receipt's input; absent: any. */
  readonly input?: JsonObject;
  /** JSON Schema of the receipt's output; absent: any. */
  readonly output?: JsonObject;
  /** Default 1. */
  readonly min?: number;
  /** Absent: any number. */
  readonly max?: number;
}

/** A call that must not happen in this run: refused before it runs. */
export interface ForbiddenEffect {
  readonly name: string;
  readonly tool: string;
  /** JSON Schema of the arguments that are forbidden; absent: every call of the tool. */
  readonly input?: JsonObject;
}

export interface Intent {
  /** In a person's words; shown, never checked. */
  readonly goal?: string;
  readonly obligations?: readonly Obligation[];
  readonly conditions?: readonly Condition[];
  readonly forbidden?: readonly ForbiddenEffect[];
}

/** An obligation and what has become of it. */
export interface HeldObligation extends Obligation {
  /** `intent`, `agent`, `person`, or the call that gave rise to it. */
  readonly source: string;
  readonly declined?: { readonly by: string; readonly reason: string };
}

/** No run holds more obligations than this. */
export const OBLIGATIONS_MAX = 1_000;
