import type { JsonObject } from "../../src/std/json.ts";
import type { WireClient } from "../../src/chaos/door.ts";

/** What a loop is pointed at: one run of a server. */
export interface Place {
  /** The base URL for a client. */
  readonly urlFor: (client?: WireClient) => string;
  /** The tools that may be called; each answers "ok". */
  readonly tools: readonly string[];
}

export interface Performed {
  readonly name: string;
  readonly arguments: unknown;
}

/** What came of a loop: the calls it performed, in order, and the text that it ended with. */
export interface Played {
  readonly performed: readonly Performed[];
  readonly text: string;
}

/** A client's tool loop, unmodified: asks, answers calls, keeps its history, ends with a text. */
export type Loop = (place: Place) => Promise<Played>;

/** No loop in these tests is longer. */
export const TURNS_MAX = 30;

export const prompt = "Please do the work.";

/** Accepts anything, so that what is called arrives as it was said. */
export const anySchema: JsonObject = { type: "object", properties: {}, additionalProperties: true };
