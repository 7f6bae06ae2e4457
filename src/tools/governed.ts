/**
 * What a tool's author declares for those who decide about its calls: what a call acts on, which
 * of its arguments are sensitive, what of its output can be trusted, how often it may be called.
 */
import type { Principal } from "../journal/event.ts";
import type { Obligation } from "../journal/intent.ts";
import { BridleError } from "../std/error.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";
import type { Json, JsonObject } from "../std/json.ts";

/** The thing a call acts on, read from the real system right before the decision. */
export interface ResourceFacts {
  readonly id: string;
  /** Whose it is. A call on another tenant's resource is denied. */
  readonly tenant?: string;
  /** Its version or ETag: an approval holds for this version only. */
  readonly version?: string;
  readonly attributes?: JsonObject;
}

export interface ToolResource<Input = never> {
  /** The entity type that policies name. */
  readonly type: string;
  /** JSON Schema of the attributes, so that policies over them are checked when they are loaded. */
  readonly attributes?: JsonObject;
  of(
    input: Input,
    context: {
      readonly runId: string;
      readonly principal: Principal | null;
      readonly abortSignal: AbortSignal;
    },
  ): ResourceFacts | PromiseLike<ResourceFacts>;
}

/** Where a value of a tool's output comes from. Undeclared: `untrusted`. */
export type OutputLabel =
  | "user"
  | "operator"
  | "platform"
  | "directory"
  | "untrusted"
  | {
      readonly integrity: "user" | "operator" | "platform" | "directory" | "untrusted";
      /** Who may see it, as destinations are written. */
      readonly readers: readonly string[] | "anyone";
    };

/** What an argument decides, when a wrong value would do harm. */
export type SensitiveKind = "destination" | "amount" | "credential" | "selector" | "content";

/** Limits shared by all runs and workers of a store, for each tenant. */
export interface ToolLimits {
  /** A token bucket: `count` calls per `perMs`, at most `burst` (default `count`) at once. */
  readonly rate?: { readonly count: number; readonly perMs: number; readonly burst?: number };
  /** Calls that run at once. */
  readonly concurrent?: number;
}

/** The circuit breaker of the service behind a tool, shared by all runs and workers of a store. */
export interface ToolBreaker {
  /** Tools of one name share one breaker: those that reach the same service. Default: the tool. */
  readonly name?: string;
  /** Failures in a row that open it. Default 5. */
  readonly failuresMax?: number;
  /** How long it stays open at first, ms; twice as long each time. Default 5,000. */
  readonly openMs?: number;
  /**
   * How long others wait for the one call that tries it again, when nothing is heard of it, ms.
   * Default 30,000, or the tool's `timeoutMs` when that is longer.
   */
  readonly probeMs?: number;
}

/** Who must approve when a rule asks. */
export interface ApprovalTerms {
  /** How many different people. Default 1. */
  readonly quorum?: number;
  /** Only these people, or people with one of these roles. Absent: anybody known. */
  readonly people?: readonly string[];
  readonly roles?: readonly string[];
  /** Default 24 hours, ms. */
  readonly expiresMs?: number;
}

export interface Governed<Input = never, Output = unknown> {
  readonly resource?: ToolResource<Input>;
  /** Paths of sensitive arguments; a plain list says `selector` of each. */
  readonly sensitive?: readonly string[] | Readonly<Record<string, SensitiveKind>>;
  /** Labels of output fields by path (`*`: every item or member); the longest match counts. */
  readonly labels?: Readonly<Record<string, OutputLabel>>;
  /** Content of the arguments leaves to their destination (mail, web). */
  readonly egress?: boolean;
  readonly limits?: ToolLimits;
  /** When the service behind the tool is left alone; false: never. See `ToolBreaker`. */
  readonly breaker?: false | ToolBreaker;
  readonly approval?: ApprovalTerms;
  /** True, or a function that says so: a person must approve the call (the AI SDK's name). */
  readonly needsApproval?:
    | boolean
    | ((input: Input, options: never) => boolean | PromiseLike<boolean>)
    | undefined;
  /** Phrases of a final answer that claim this tool's effect; each needs a receipt. */
  readonly claims?: readonly string[];
  /** What the run must do because of this result: a request that the customer confirmed. */
  obliges?(given: { readonly input: Input; readonly output: Output }): readonly Obligation[];
}

/** Checked in one place, so that a wrong declaration is met at start-up. */
export function checkGoverned(definition: Governed, where: string): void {
  const { limits, approval, claims, resource } = definition;
  if (
    resource !== undefined &&
    (!IDENTIFIER.test(resource.type) || typeof resource.of !== "function")
  ) {
    throw invalid(
      where,
      "has a resource that is none",
      "Write { type: 'Order', of: (input) => … }.",
    );
  }
  const rate = limits?.rate;
  const counts = [
    limits?.concurrent,
    rate?.count,
    rate?.burst,
    approval?.quorum,
    ...(definition.breaker === false
      ? []
      : [definition.breaker?.failuresMax, definition.breaker?.openMs, definition.breaker?.probeMs]),
    ...[rate?.perMs, approval?.expiresMs].map((ms) => (ms === undefined ? ms : Math.ceil(ms))),
  ];
  for (const count of counts) {
    if (count === undefined || (Number.isSafeInteger(count) && count > 0)) continue;
    throw invalid(where, "has a limit that cannot work", "Limits are positive whole numbers.");
  }
  if (rate !== undefined && rate.perMs > TIMER_MAX_MS) {
    throw invalid(where, "has a rate over too long a time", `perMs is at most ${TIMER_MAX_MS}.`);
  }
  for (const phrase of claims ?? []) {
    if (typeof phrase === "string" && phrase.trim().length >= 3) continue;
    throw invalid(where, "claims with an empty phrase", 'Write claims: ["refunded", …].');
  }
}

/** Sensitive argument paths with their kinds, whichever way they were written. */
export function sensitiveOf(definition: Governed): Readonly<Record<string, SensitiveKind>> {
  const { sensitive } = definition;
  if (sensitive === undefined) return {};
  if (!isList(sensitive)) return sensitive;
  return Object.fromEntries(sensitive.map((path) => [path, "selector" as const]));
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

function isList(value: NonNullable<Governed["sensitive"]>): value is readonly string[] {
  return Array.isArray(value);
}

function invalid(where: string, what: string, hint: string): BridleError {
  return new BridleError("tool_invalid", `${where} ${what}`, { hint });
}

/** Obligations that a tool's result gives rise to; a throw is the author's mistake. */
export function obligationsOf(
  definition: Governed,
  given: { readonly input: Json; readonly output: Json },
): readonly Obligation[] {
  // The author's own types: the input was validated, the output is the tool's own.
  return definition.obliges?.(given as never) ?? [];
}
