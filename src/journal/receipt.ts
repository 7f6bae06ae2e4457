import type { Json } from "../std/json.ts";

/**
 * What may happen when a crash falls between claim and receipt:
 * `read` and `idempotent` run again (the latter with the same key), `transactional` looks, `once`
 * never runs again unless the outside world says it did not happen.
 */
export type EffectClass = "read" | "idempotent" | "once" | "transactional";

export const effectClasses: readonly EffectClass[] = [
  "read",
  "idempotent",
  "once",
  "transactional",
];

/** How the harness came to know what an effect did. */
export type ReceiptSource = "execute" | "reconcile" | "transaction" | "person";

/** Durable record of what one call did. */
export interface Receipt {
  readonly callId: string;
  readonly tool: string;
  readonly effect: EffectClass;
  /** The arguments as executed, after defaults. */
  readonly input: Json;
  readonly output: Json;
  /** What the tool's `receipt(output)` said: the outside system's own id above all. */
  readonly receipt?: Json;
  readonly via: ReceiptSource;
}
