/** What an agent's author says "done" means: postconditions as functions or as data. */
import type { Principal } from "../journal/event.ts";
import type { Condition, ForbiddenEffect, Intent, Obligation } from "../journal/intent.ts";
import type { Receipt } from "../journal/receipt.ts";
import { BridleError } from "../std/error.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";
import type { Json, JsonObject } from "../std/json.ts";
import { didYouMean } from "../std/suggest.ts";
import { readSchema, type InputSchema } from "../tools/schema.ts";
import type { Standing } from "./obligation.ts";

/** What a postcondition looks at. Everything else it asks of the real systems itself. */
export interface GateFacts<Input = Json> {
  readonly runId: string;
  readonly input: Input;
  readonly principal: Principal | null;
  /** What is known to have happened, in order. */
  readonly receipts: readonly Receipt[];
  readonly obligations: readonly Standing[];
  /** The model's last words; null when a stop condition ended the run. */
  readonly text: string | null;
  readonly abortSignal: AbortSignal;
}

/**
 * True or false, or in words what is wrong (an empty list: nothing). A throw, anything else or no
 * answer in time is unmet, whichever kind of check it is.
 */
export type CheckAnswer = boolean | string | readonly string[];

// Method syntax: a check over a narrower input is still a check (the input is validated before).
export interface Postcondition<Input = never> {
  readonly kind: "must" | "never";
  readonly name: string;
  check?(facts: GateFacts<Input>): CheckAnswer | PromiseLike<CheckAnswer>;
  readonly condition?: Omit<Condition, "name">;
}

type Check<Input> = (facts: GateFacts<Input>) => CheckAnswer | PromiseLike<CheckAnswer>;

/** What must hold for the run to succeed: true, or nothing to complain of. */
export function must<Input = Json>(
  name: string,
  check: Check<Input> | Omit<Condition, "name">,
): Postcondition<Input> {
  return postcondition("must", name, check);
}

/** What must not be: true, or a complaint, means that it is. */
export function never<Input = Json>(
  name: string,
  check: Check<Input> | Omit<Condition, "name">,
): Postcondition<Input> {
  return postcondition("never", name, check);
}

function postcondition<Input>(
  kind: Postcondition["kind"],
  name: string,
  check: Check<Input> | Omit<Condition, "name">,
): Postcondition<Input> {
  return typeof check === "function" ? { kind, name, check } : { kind, name, condition: check };
}

/** How the end of a run is checked. */
export interface GateOptions {
  /** How often unmet checks go back to the model. Default 2. */
  readonly roundsMax?: number;
  /** What then: `fail` (default) ends the run with the list; `escalate` waits for a person. */
  readonly onUnmet?: "fail" | "escalate";
  /** A postcondition slower than this is unmet, ms. Default 10,000. */
  readonly checkTimeoutMs?: number;
}

export interface Gate {
  readonly postconditions: readonly ReadyPostcondition[];
  readonly roundsMax: number;
  readonly onUnmet: "fail" | "escalate";
  readonly checkTimeoutMs: number;
}

/** A postcondition whose schemas are compiled. */
export interface ReadyPostcondition {
  readonly kind: "must" | "never";
  readonly name: string;
  readonly check?: (facts: GateFacts) => unknown;
  readonly condition?: ReadyCondition;
}

export interface ReadyCondition {
  readonly tool: string;
  readonly input: InputSchema | null;
  readonly output: InputSchema | null;
  readonly min: number;
  readonly max: number | null;
}

export async function prepareGate(
  given: {
    readonly done?: readonly Postcondition[];
    readonly gate?: GateOptions;
  },
  options: { readonly where: string; readonly tools: readonly string[] },
): Promise<Gate> {
  const { done = [], gate = {} } = given;
  const names = new Set<string>();
  const postconditions: ReadyPostcondition[] = [];
  for (const each of done) {
    checkName(each, names, options.where);
    const { kind, name, condition } = each;
    postconditions.push({
      kind,
      name,
      // The author's own input type, which the schema has checked.
      ...(each.check === undefined ? {} : { check: (facts) => each.check?.(facts as never) }),
      ...(condition === undefined
        ? {}
        : { condition: await prepareCondition({ ...condition, name }, { ...options, kind }) }),
    });
  }
  const { roundsMax = 2, onUnmet = "fail", checkTimeoutMs = 10_000 } = gate;
  if (!Number.isSafeInteger(roundsMax) || roundsMax < 0 || roundsMax > 20) {
    throw new BridleError("limit_invalid", `${options.where}: gate.roundsMax is ${roundsMax}`, {
      hint: "Unmet checks go back to the model 0 to 20 times.",
    });
  }
  if (!(checkTimeoutMs > 0 && checkTimeoutMs <= TIMER_MAX_MS)) {
    throw new BridleError("limit_invalid", `${options.where}: gate.checkTimeoutMs cannot work`, {
      hint: "Give a time in ms.",
    });
  }
  return { postconditions, roundsMax, onUnmet, checkTimeoutMs };
}

function checkName(given: Postcondition, names: Set<string>, where: string): void {
  const { kind, name, condition } = given;
  const isKind = kind === "must" || kind === "never";
  const isWhole = isKind && typeof name === "string" && name.trim() !== "";
  if (!isWhole || (typeof given.check !== "function" && condition === undefined)) {
    throw new BridleError("intent_invalid", `${where} has a postcondition that checks nothing`, {
      hint: 'Write must("what holds", ({ receipts }) => …) or never("what must not be", …).',
    });
  }
  if (names.has(name)) {
    throw new BridleError("intent_invalid", `${where}: two postconditions are named "${name}"`, {
      hint: "Give each a name of its own.",
    });
  }
  names.add(name);
}

/** Compiles a postcondition that is data. `never` allows none unless it says a maximum. */
export async function prepareCondition(
  condition: Condition,
  options: {
    readonly where: string;
    readonly tools: readonly string[];
    readonly kind?: "must" | "never";
  },
): Promise<ReadyCondition> {
  const { name, tool, input, output, max } = condition;
  const { where, tools, kind = "must" } = options;
  const min = condition.min ?? (kind === "never" || max === 0 ? 0 : 1);
  checkTool(tool, { where: `${where}, condition "${name}"`, tools });
  const most = max ?? (kind === "never" ? 0 : null);
  const isRange = [min, most ?? min].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!isRange || (most !== null && most < min)) {
    throw new BridleError("intent_invalid", `${where}: condition "${name}" can never hold`, {
      hint: "min and max are whole numbers, max not below min.",
    });
  }
  return {
    tool,
    input: await schemaOf(input, `${where}, condition "${name}", input`),
    output: await schemaOf(output, `${where}, condition "${name}", output`),
    min,
    max: most,
  };
}

export interface ReadyForbidden {
  readonly name: string;
  readonly tool: string;
  readonly input: InputSchema | null;
}

export async function prepareForbidden(
  forbidden: ForbiddenEffect,
  options: { readonly where: string; readonly tools: readonly string[] },
): Promise<ReadyForbidden> {
  const { name, tool, input } = forbidden;
  checkTool(tool, { ...options, where: `${options.where}, forbidden "${name}"` });
  return { name, tool, input: await schemaOf(input, `${options.where}, forbidden "${name}"`) };
}

async function schemaOf(
  schema: JsonObject | undefined,
  where: string,
): Promise<InputSchema | null> {
  return schema === undefined ? null : readSchema(schema, where);
}

function checkTool(
  tool: string,
  { where, tools }: { readonly where: string; readonly tools: readonly string[] },
): void {
  if (tools.includes(tool)) return;
  throw new BridleError("intent_invalid", `${where} names the tool "${tool}", which there is not`, {
    hint: didYouMean(tool, tools),
  });
}

/** The intent of one run as it goes into the journal: only what was said. */
export function keptIntent(intent: Intent): Intent | undefined {
  const { goal, conditions = [], forbidden = [] } = intent;
  if (goal === undefined && conditions.length === 0 && forbidden.length === 0) return undefined;
  return {
    ...(goal === undefined ? {} : { goal }),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(forbidden.length === 0 ? {} : { forbidden }),
  };
}

/** An obligation without members that are undefined, as the journal keeps it. */
export function keptObligation(given: Obligation): Obligation {
  const { id, what, tool, input, output, declinable } = given;
  return {
    id,
    what,
    tool,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(declinable === undefined ? {} : { declinable }),
  };
}
