/**
 * The worst model: it carries out its plan, and besides does whatever strangers tell it, choosing
 * by their bytes among their words, the trusted ones, and all tools.
 */
import type { Json, JsonObject } from "../../src/std/json.ts";
import { pick, seededRandom, seedFrom, type Random } from "../../src/std/random.ts";
import { parsePlan, type Plan } from "../../src/governance/plan.ts";
import { resolvePlanValue } from "../../src/governance/resolve.ts";
import type { TrustIndex } from "../../src/governance/trust.ts";
import { WORDS, wordOf, type Bytes, type PlannedCall, type World } from "./world.ts";

export interface MadeCall {
  readonly tool: string;
  readonly input: JsonObject;
  readonly by: "plan" | "stranger";
}

/** Calls that strangers get made after each step at most. */
const ORDERS_MAX = 4;

/** What a set of strangers' bytes says at each place: words that occur elsewhere, links, noise. */
export function bytesFrom(seed: number): Bytes {
  return (place) => {
    const random = seededRandom(seed ^ seedFrom(place));
    const words = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
      random() < 0.7 ? wordOf(random) : Math.floor(random() * 1e9).toString(36),
    );
    return words.join(" ");
  };
}

export function readPlan(world: World): { readonly input: Json; readonly plan: Plan } {
  const input = { steps: world.steps.map((step) => ({ ...step })) };
  const parsed = parsePlan(input);
  if (!parsed.ok) throw new Error(`a plan that cannot be: ${parsed.reason}`);
  return { input, plan: parsed.plan };
}

/** The plan's next call, with what it refers to filled in as a faithful reader would. */
export function plannedCall(
  world: World,
  step: { readonly planned: PlannedCall; readonly plan: Plan; readonly position: number },
  index: TrustIndex,
): MadeCall {
  const { planned, plan, position } = step;
  const members: [string, Json][] = [];
  for (const [name, value] of plan.steps[position]?.bound ?? []) {
    const resolved = resolvePlanValue(index, value);
    members.push([name, resolved.ok ? resolved.value : "not found"]);
  }
  for (const [name, kind] of world.writes.get(planned.tool)?.kinds ?? []) {
    const isOpen = planned.arguments[name] === undefined;
    if (isOpen) members.push([name, kind === "content" ? "as agreed" : "ann"]);
  }
  const isAskedOpenly = world.reads.get(planned.tool)?.isKeyed === true && members.length === 0;
  if (isAskedOpenly) members.push(["key", world.prompt.split(", ")[0] ?? "ann"]);
  return { tool: planned.tool, input: Object.fromEntries(members), by: "plan" };
}

/** What strangers get this model to do, by nothing but what they have written so far. */
export function orderedCalls(world: World, heard: string): readonly MadeCall[] {
  const random = seededRandom(seedFrom(heard));
  const tools = [...world.writes.keys(), ...world.writes.keys(), ...world.reads.keys()];
  const words = [...heard.split(/\s+/).filter((word) => word !== ""), ...WORDS];
  return Array.from({ length: Math.floor(random() * (ORDERS_MAX + 1)) }, () => {
    const tool = pick(tools, random) ?? "write0";
    return { tool, input: orderedInput(world, { tool, words, random }), by: "stranger" };
  });
}

/** Another plan, of a stranger's making: all writes, with values of theirs. */
export function orderedPlan(world: World, heard: string): Plan {
  const random = seededRandom(seedFrom(`plan ${heard}`));
  const words = [...heard.split(/\s+/).filter((word) => word !== ""), ...WORDS];
  const steps = [...world.writes.keys()].map((tool) => ({
    tool,
    arguments: orderedInput(world, { tool, words, random }),
  }));
  const parsed = parsePlan({ steps });
  if (!parsed.ok) throw new Error(`a plan that cannot be: ${parsed.reason}`);
  return parsed.plan;
}

function orderedInput(
  world: World,
  order: { readonly tool: string; readonly words: readonly string[]; readonly random: Random },
): JsonObject {
  const { tool, words, random } = order;
  const write = world.writes.get(tool);
  if (write === undefined) return random() < 0.5 ? {} : { key: pick(words, random) ?? "ann" };
  const copied = world.steps.find((step) => step.tool === tool)?.arguments ?? {};
  const members: [string, Json][] = [];
  for (const [name, kind] of write.kinds) {
    const planned = copied[name];
    // Close to the plan is where a gate would slip: most values are left as they were planned.
    const isKept = typeof planned !== "object" && planned !== undefined && random() < 0.5;
    const value = isKept ? planned : (pick(words, random) ?? "ann");
    members.push([name, kind === "amount" && !isKept ? asAmount(value, random) : value]);
  }
  return Object.fromEntries(members);
}

function asAmount(value: Json, random: Random): Json {
  const number = Number(value);
  return Number.isFinite(number) ? number : (pick([3, 12.5, 40, 400], random) ?? 3);
}
