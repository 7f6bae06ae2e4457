/** Everything a rule about one write may be judged by: the world and the talk just before it. */
import type { JsonObject } from "../../src/std/json.ts";
import type { AirlineDb } from "../tau/airline/db.ts";
import type { Said } from "../tau/recorded.ts";

/** A call that was made before, whatever came of it. */
export interface MadeCall {
  readonly name: string;
  readonly arguments: JsonObject;
  readonly kind: "result" | "refused";
}

export interface Moment {
  /** The state that the write would change. Nothing here changes it. */
  readonly db: AirlineDb;
  /** What was said so far, oldest first. */
  readonly talk: readonly Said[];
  /** The calls so far, oldest first. */
  readonly made: readonly MadeCall[];
  readonly tool: string;
  readonly input: JsonObject;
  /** How many calls the model asked for at once, this one counted. */
  readonly callsTogether: number;
  /** The model spoke to the customer in the same message. */
  readonly spokeToo: boolean;
}

/** The domain's clock: 2024-05-15 15:00 EST. Bookings carry the same local time. */
export const NOW_MS: number = Date.parse("2024-05-15T15:00:00Z");
