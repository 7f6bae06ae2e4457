/**
 * The same worlds through real runs of the harness: a model behind a real server makes the very
 * calls that the engine judged, tools act on a world outside, and what that world saw is compared
 * with what the engine let pass. Strangers have the model call for another plan, too.
 */
import { scriptedModel, startWireServer, type ScriptedStep } from "../../src/chaos/door.ts";
import {
  agent,
  embedded,
  harness,
  memoryStore,
  once,
  read,
  type AgentDefinition,
  type Run,
  type ToolDefinition,
} from "../../src/index.ts";
import { canonicalJson, isJsonObject, type JsonObject } from "../../src/std/json.ts";
import type { MadeCall } from "./model.ts";
import type { TracedCall, Trace } from "./play.ts";
import { outputOf, type Bytes, type World } from "./world.ts";

export interface WorldToRun {
  readonly name: string;
  readonly world: World;
  readonly bytes: Bytes;
  /** What the engine says of this world and these bytes. */
  readonly trace: Trace;
}

export interface WorldsRun {
  readonly runs: number;
  readonly calls: number;
  /** Calls that strangers ordered and that the harness refused, other plans among them. */
  readonly refused: number;
  readonly differences: readonly string[];
}

const CONCURRENCY = 16;

/** Runs each world once, all in one harness. */
export async function runWorlds(worlds: readonly WorldToRun[]): Promise<WorldsRun> {
  const scripts = worlds.map(({ name, world, trace }) =>
    scriptedModel(
      stepsOf(world, trace).map(({ step }) => step),
      name,
    ),
  );
  const server = await startWireServer({ models: (key) => scripts[Number(key)] });
  const done = worlds.map((): MadeCall[] => []);
  const agents = worlds.map((one, number) => {
    const model = { baseURL: server.urlFor(String(number)), modelId: "scripted" };
    return agentOf(one, { number, model, done: done[number] ?? [] });
  });
  const bridle = await harness({
    agents,
    store: memoryStore(),
    engine: embedded({ concurrency: CONCURRENCY }),
  });
  try {
    const compared = await Promise.all(
      worlds.map(async (one, number) => {
        const run = await bridle.start(`world-${number}`, { input: one.world.prompt });
        return compare(one, run, done[number] ?? []);
      }),
    );
    return {
      runs: compared.length,
      calls: worlds.reduce((sum, { trace }) => sum + trace.calls.length, 0),
      refused: compared.reduce((sum, { refused }) => sum + refused, 0),
      differences: compared.flatMap(({ differences }) => differences),
    };
  } finally {
    await bridle.close(0);
    await server.close();
  }
}

interface Step {
  readonly step: ScriptedStep;
  /** Null for a plan. */
  readonly call: TracedCall | null;
}

/** The model's turns: its plan, its calls, and before a stranger's calls a plan of just those. */
function stepsOf(world: World, { calls }: Trace): readonly Step[] {
  const isFrozen = world.planning === "frozen";
  const steps: Step[] = isFrozen ? [planStep(world.steps)] : [];
  for (const [position, call] of calls.entries()) {
    const isFirst = call.by === "stranger" && calls[position - 1]?.by !== "stranger";
    if (isFrozen && isFirst) {
      const end = calls.findIndex(({ by }, at) => at > position && by !== "stranger");
      const ordered = calls.slice(position, end === -1 ? calls.length : end);
      steps.push(planStep(ordered.map(({ tool, input }) => ({ tool, arguments: input }))));
    }
    steps.push({ step: { call: { name: call.tool, arguments: call.input } }, call });
  }
  return [...steps, { step: { text: "Done." }, call: null }];
}

function planStep(
  steps: readonly { readonly tool: string; readonly arguments: JsonObject }[],
): Step {
  const written = steps.map((step): JsonObject => ({ ...step }));
  return { step: { call: { name: "plan", arguments: { steps: written } } }, call: null };
}

interface Outside {
  readonly number: number;
  readonly model: AgentDefinition["model"];
  readonly done: MadeCall[];
}

function agentOf({ world, bytes }: WorldToRun, outside: Outside): AgentDefinition {
  const { number, model, done } = outside;
  const toolOf = (name: string): ToolDefinition<JsonObject> => {
    const { output, sensitive } = (world.reads.get(name) ?? world.writes.get(name))?.declared ?? {};
    return {
      description: `Use ${name}.`,
      inputSchema: { type: "object" },
      effect: world.reads.has(name) ? read() : once(),
      ...(output === undefined ? {} : { labels: output }),
      ...(sensitive === undefined ? {} : { sensitive }),
      execute: (input) => {
        done.push({ tool: name, input, by: "plan" });
        return outputOf(world, { tool: name, input }, bytes);
      },
    };
  };
  const names = [...world.reads.keys(), ...world.writes.keys()];
  const { planning, members } = world;
  return agent({
    name: `world-${number}`,
    model,
    instructions: "Do it.",
    tools: Object.fromEntries(names.map((name) => [name, toolOf(name)])),
    labels: planning === "frozen" ? { plan: planning, members } : { members },
    limits: { turnsMax: 500, callsMax: 500 },
  });
}

async function compare(
  { name, world, trace }: WorldToRun,
  run: Run,
  done: readonly MadeCall[],
): Promise<{ readonly refused: number; readonly differences: readonly string[] }> {
  const outcome = await run.outcome();
  const events = await run.events();
  const differences: string[] = [];
  const steps = stepsOf(world, trace);
  if (outcome.kind !== "succeeded" || outcome.turns !== steps.length) {
    differences.push(`${name}: ended as ${outcome.kind} after ${outcome.turns} turns`);
  }
  const isTainted = outcome.tainted !== null;
  if (isTainted !== trace.isExposed) differences.push(`${name}: marked as tainted: ${isTainted}`);
  const wanted = trace.calls.filter(({ passes }) => passes).map(textOf);
  const seen = done.map(textOf);
  if (wanted.join("\n") !== seen.join("\n")) {
    const at = wanted.findIndex((call, position) => call !== seen[position]);
    differences.push(
      `${name}: executed ${seen[at] ?? "more"}, the engine says ${wanted[at] ?? "-"}`,
    );
  }
  const refusals = new Map(
    events.flatMap((event) =>
      event.kind === "call.refused" ? [[event.callId, event.rules?.join() ?? event.code]] : [],
    ),
  );
  for (const [turn, { call }] of steps.entries()) {
    const rule = refusals.get(`t${turn + 1}c0`);
    const isPlan = call === null && turn > 0 && turn < steps.length - 1;
    const isRefused = isPlan || call?.passes === false;
    if ((rule?.startsWith("labels/") === true) !== isRefused) {
      differences.push(`${name}: turn ${turn + 1} ${rule ?? "passed"}, refused: ${isRefused}`);
    }
  }
  return { refused: refusals.size, differences };
}

function textOf({ tool, input }: MadeCall): string {
  return `${tool} ${canonicalJson(isJsonObject(input) ? input : {})}`;
}
