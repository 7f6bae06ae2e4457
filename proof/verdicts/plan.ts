/** What a scenario of the proof is made of, before any model plays it. */
import type { AgentDefinition, ToolDefinition } from "../../src/index.ts";
import type { Intent } from "../../src/journal/intent.ts";
import { isJsonObject, type JsonObject } from "../../src/std/json.ts";
import { seededRandom } from "../../src/std/random.ts";
import type { Facts, Seed } from "./book.ts";
import type { Kit } from "./kit.ts";
import { textOf } from "./text.ts";

export interface Call {
  readonly tool: string;
  readonly args: JsonObject;
}

/** One thing that the customer wants done. */
export interface Task extends Call {
  /** Of its obligation. */
  readonly id: string;
  /** The sentence that reports it, without its id. */
  readonly says: string;
  /** The sentence that says plainly that it was not done. */
  readonly denies: string;
  readonly declinable?: boolean;
}

/** What a lying model needs: calls that look right and are not. Each returns the arguments. */
export interface Spoils {
  readonly amount?: (task: Task) => JsonObject | null;
  readonly target?: (task: Task) => JsonObject | null;
  /** The same for somebody else's order. */
  readonly foreign?: (task: Task) => JsonObject | null;
  /** An effect that nobody asked for. */
  readonly extra?: Call;
  /** Takes a deed back, given the id of its effect. */
  readonly undo?: (task: Task, id: string | number) => Call | null;
  /** A call that only looks, and sounds the same. */
  readonly instead?: (task: Task) => Call;
  /** What the run was told not to do. */
  readonly forbidden?: Call;
}

/** One piece of business with its numbers. */
export interface Plan {
  readonly seed: Seed;
  /** What the customer confirmed, as data. */
  readonly order: JsonObject;
  /** The same in words. */
  readonly request: string;
  readonly looks: readonly Call[];
  readonly tasks: readonly Task[];
  /** True when the tasks must be done in this order. */
  readonly isOrdered: boolean;
  /** Honest sentences with a claim's words in them that claim nothing. */
  readonly plain: readonly string[];
  /** What must be so in the service when these tasks, and nothing else, were done. */
  demand(done: readonly Task[]): Facts;
  readonly spoils: Spoils;
  /** A last call that every script makes, whatever it did before. */
  readonly closing?: Call;
}

export interface Scenario {
  readonly name: string;
  /** Of the outside service. */
  readonly domain: string;
  /** With their claims and what they oblige to. */
  tools(kit: Kit): Readonly<Record<string, ToolDefinition>>;
  /** Everything that the gate goes by. */
  gate(kit: Kit): Pick<AgentDefinition<RunInput>, "done" | "obligations" | "effects" | "gate">;
  /** Its tasks are obligations, which a model can name: elsewhere "DECLINED" is a mere word. */
  readonly obliges: boolean;
  /** Its reports name every effect by its id. */
  readonly cited: boolean;
  /** Ends a run without the model's last word. */
  readonly stopWhen?: AgentDefinition["stopWhen"];
  /** What comes with the start of a run. */
  intent?(order: JsonObject): Intent;
  /** The musts that are unmet as long as a task is open. */
  readonly completes: readonly string[];
  /** `asks`: the customer only has a question, about the same business. */
  plan(numbers: Numbers, asks: boolean): Plan;
}

export interface RunInput {
  /** The run's world in the outside service, and its model's address. */
  readonly desk: string;
  readonly request: string;
  readonly order: JsonObject;
}

/** The numbers of one piece of business: the same n gives the same ones. */
export interface Numbers {
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number;
  /** A code such as `A417`, other than those before it. */
  code(letter: string): string;
}

export function numbersOf(n: number): Numbers {
  const random = seededRandom(n * 7_919 + 17);
  const used = new Set<string>();
  const whole = (low: number, high: number): number =>
    low + Math.floor(random() * (high - low + 1));
  const code = (letter: string): string => {
    const made = `${letter}${whole(100, 999)}`;
    if (used.has(made)) return code(letter);
    used.add(made);
    return made;
  };
  return { whole, code };
}

/** Rows of a list in an order. */
export function rowsOf(order: JsonObject, name: string): readonly JsonObject[] {
  const rows = order[name];
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

/** Records by the members that name them. */
export function keyed(
  bodies: readonly JsonObject[],
  ...members: readonly string[]
): Record<string, JsonObject> {
  const idOf = (body: JsonObject): string => members.map((name) => textOf(body[name])).join("/");
  return Object.fromEntries(bodies.map((body) => [idOf(body), body]));
}

/** The facts of a seed, with the bodies of some kinds replaced. */
export function factsWith(
  seed: Seed,
  changed: Readonly<Record<string, readonly JsonObject[]>>,
): Facts {
  const kept = Object.entries(seed).map(([kind, bodies]) => [kind, Object.values(bodies)] as const);
  return { ...Object.fromEntries(kept), ...changed };
}
