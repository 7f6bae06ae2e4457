/**
 * Effect classes (DESIGN §6): what the harness may do when a crash leaves a call claimed without
 * a receipt. Declared beside the tool; undeclared means `once`, the careful one.
 */
import type { EffectClass } from "../journal/receipt.ts";
import type { Transactor } from "../journal/transactor.ts";
import type { Json } from "../std/json.ts";

/** What the outside world says about one key. */
export type Reconciled =
  | { readonly kind: "happened"; readonly output: Json }
  | { readonly kind: "not_happened" }
  | { readonly kind: "unknown"; readonly why: string };

export interface ReconcileRequest<Input = unknown> {
  /** The idempotency key that was handed to `execute`. */
  readonly key: string;
  readonly input: Input;
  readonly runId: string;
  readonly callId: string;
  readonly abortSignal: AbortSignal;
}

/**
 * Asks the outside world whether an effect happened. Null, undefined and false mean that it did
 * not; any other value means that it did and is its output; `unknownYet(why)` means ask later or
 * ask a person. A throw counts as unknown, and so does an empty list, which could mean either.
 */
export type Reconcile<Input = unknown> = (request: ReconcileRequest<Input>) => unknown;

export interface Effect<Input = unknown> {
  readonly class: EffectClass;
  /** False when nobody declared it and the careful default was taken. */
  readonly isDeclared: boolean;
  readonly reconcile?: Reconcile<Input>;
  /**
   * The longest time after the tool has stopped, or its worker was lost, in which what it sent may
   * still land at the other side, ms. An answer "did not happen" is believed only after that.
   */
  readonly settlesWithinMs: number;
  readonly transactor?: Transactor<unknown>;
}

/** Changes nothing: runs again after a crash. */
export function read(): Effect {
  return { class: "read", isDeclared: true, settlesWithinMs: 0 };
}

/** Honours the idempotency key it is handed: runs again with the same key after a crash. */
export function idempotent(): Effect {
  return { class: "idempotent", isDeclared: true, settlesWithinMs: 0 };
}

const SETTLES_WITHIN_MS = 5_000;

/**
 * Must not run twice. After a crash Bridle asks `reconcile`; without it the call is in doubt: the
 * model is told the truth, and a person can settle it.
 */
export function once<Input = unknown>(
  options: {
    readonly reconcile?: Reconcile<Input>;
    /** Default 5,000 ms. */
    readonly settlesWithinMs?: number;
  } = {},
): Effect<Input> {
  return {
    class: "once",
    isDeclared: true,
    settlesWithinMs: options.settlesWithinMs ?? SETTLES_WITHIN_MS,
    ...(options.reconcile === undefined ? {} : { reconcile: options.reconcile }),
  };
}

/**
 * The effect and its receipt commit in one transaction of the tool's own database: after a crash
 * Bridle looks. The tool must do its work through the `tx` it is handed.
 */
export function transactional<Tx>(transactor: Transactor<Tx>): Effect {
  return {
    class: "transactional",
    isDeclared: true,
    settlesWithinMs: 0,
    // Tx is erased here; the tool's own `execute`, which gets the `tx`, knows what it is.
    transactor,
  };
}

/** What a tool gets when its author declared nothing. */
export const undeclaredEffect: Effect = { ...once(), isDeclared: false };

/** Registered, so that an answer made by another copy of this package is known too. */
const branded = Symbol.for("bridle.reconciled");

/** For `reconcile`: it happened, with this output, even when the output is null. */
export function happened(output: Json): Reconciled {
  return brand({ kind: "happened", output });
}

/** For `reconcile`: it did not happen. */
export function notHappened(): Reconciled {
  return brand({ kind: "not_happened" });
}

/** For `reconcile`: the outside world cannot say yet. */
export function unknownYet(why: string): Reconciled {
  return brand({ kind: "unknown", why });
}

function brand(answer: Reconciled): Reconciled {
  return Object.defineProperty({ ...answer }, branded, { value: true });
}

/** True for an answer made by `happened`, `notHappened` or `unknownYet`. */
export function isReconciled(value: unknown): value is Reconciled {
  return typeof value === "object" && value !== null && branded in value;
}
