/** The ids that the outside service gives its effects, known to whoever knows what was done. */
import { sha256 } from "../../src/std/hash.ts";
import { canonicalJson, type JsonObject } from "../../src/std/json.ts";

/** One act on one desk, for the n-th time (from 0) with these arguments. */
export interface Act {
  readonly name: string;
  readonly args: JsonObject;
  readonly nth: number;
}

/** A number when the service has no prefix: ids that could stand in an amount. */
export function effectId(prefix: string, { name, args, nth }: Act): string | number {
  const digest = sha256(canonicalJson([name, args, nth]));
  const number = 10_000 + (Number.parseInt(digest.slice(0, 8), 16) % 90_000);
  return prefix === "" ? number : `${prefix}_${number}`;
}
