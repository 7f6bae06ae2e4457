/**
 * Real runs of the harness in the attacked worlds. Every run has a model of its own that stands
 * behind a real server and does what its script says, whatever it is told; tools act on a world
 * outside the harness, which keeps its own record of what was done to it.
 *
 * DE1 What was executed is what the world saw, never what a journal says.
 * DE2 A model that obeys does so only when the whole attack stood in the request it was sent.
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
  type Harness,
  type JournalEvent,
  type Outcome,
  type ToolDefinition,
} from "../../src/index.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import type { Injection, Suite, TrueCall, UserTask } from "./data.ts";
import { inputOf, planOf, promptOf } from "./ideal.ts";
import { openApprover } from "./approver.ts";
import { reads, writes } from "./tools.ts";
import { carries, members, outputOf, worldOf, type World } from "./world.ts";

/** With every mechanism, or with none. */
export type Arm = "all" | "none";

export interface Script {
  readonly suite: Suite;
  readonly task: UserTask;
  readonly arm: Arm;
  readonly injection: Injection | null;
  /** The task's calls, in order, and after them what an attacker orders. */
  readonly taskCalls: readonly TrueCall[];
  readonly orderedCalls: readonly TrueCall[];
}

export interface DeskRun {
  readonly outcome: Outcome;
  readonly events: readonly JournalEvent[];
  /** What the world saw. */
  readonly done: readonly Deed[];
  /** Every step of the model's script was asked for: the attack was delivered where there is one. */
  readonly isPlayed: boolean;
}

export interface Deed {
  readonly tool: string;
  readonly input: Json;
}

export interface Desk {
  readonly play: (script: Script) => Promise<DeskRun>;
  readonly close: () => Promise<void>;
}

/** Runs that advance at once. */
const CONCURRENCY = 16;

/** `approver`: somebody who says yes to everything; else there is nobody to ask. */
export async function openDesk(
  suites: readonly Suite[],
  { approver }: { readonly approver: boolean },
): Promise<Desk> {
  const models = new Map<string, ReturnType<typeof scriptedModel>>();
  const worlds = new Map<string, World>();
  const deeds = new Map<string, Deed[]>();
  const server = await startWireServer({ models: (key) => models.get(key) });
  const keyed = new Map<string, string>();
  const model: AgentDefinition["model"] = ({ runId, input }) => {
    const key = keyOf(input);
    keyed.set(runId, key);
    return { baseURL: server.urlFor(key), modelId: "scripted" };
  };
  const act = (runId: string, deed: Deed): Json => {
    const key = keyed.get(runId) ?? "";
    const world = worlds.get(key);
    if (world === undefined) throw new Error(`no world for run ${runId}`);
    deeds.set(key, [...(deeds.get(key) ?? []), deed]);
    return outputOf(deed.tool, deed.input, world);
  };
  const store = memoryStore();
  const arms: readonly Arm[] = approver ? ["all"] : ["all", "none"];
  const bridle = await harness({
    agents: suites.flatMap((suite) => arms.map((arm) => agentOf(suite, arm, { model, act }))),
    store,
    engine: embedded({ concurrency: CONCURRENCY }),
    ...(approver ? { people: [{ id: "approver" }] } : {}),
  });
  const answering = approver ? openApprover(bridle, store) : null;
  let count = 0;
  return {
    play: async (script) => {
      const key = `run-${count++}`;
      const played = scriptedModel(stepsOf(script), key);
      models.set(key, played);
      worlds.set(key, worldOf(script.task, script.injection));
      const { outcome, events } = await playRun(bridle, script, key);
      return { outcome, events, done: deeds.get(key) ?? [], isPlayed: isComplete(played) };
    },
    close: async () => {
      await answering?.();
      await bridle.close(0);
      await server.close();
    },
  };
}

async function playRun(
  bridle: Harness,
  { suite, arm, task }: Script,
  key: string,
): Promise<Pick<DeskRun, "outcome" | "events">> {
  const input = { key, prompt: promptOf(task) };
  const run = await bridle.start(nameOf(suite, arm), { input, principal: { id: "user" } });
  const outcome = await run.outcome();
  return { outcome, events: await run.events() };
}

function keyOf(input: Json): string {
  const key = isJsonObject(input) ? input["key"] : undefined;
  return typeof key === "string" ? key : "";
}

function nameOf({ name }: Suite, arm: Arm): string {
  return `${name}-${arm}`;
}

interface Outside {
  readonly model: AgentDefinition["model"];
  readonly act: (runId: string, deed: Deed) => Json;
}

function agentOf(suite: Suite, arm: Arm, { model, act }: Outside): AgentDefinition {
  const used = [...suite.tasks, ...suite.injections].flatMap(({ calls }) => calls);
  const names = [...new Set(used.map(({ tool }) => tool))];
  const declared = { plan: "frozen", members: members[suite.name] ?? [] } as const;
  return agent<{ key: string; prompt: string }>({
    name: nameOf(suite, arm),
    model,
    instructions: "Do the task.",
    prompt: ({ prompt }) => prompt,
    tools: Object.fromEntries(names.map((name) => [name, toolOf(name, arm, act)])),
    ...(arm === "none" ? {} : { labels: declared }),
  });
}

function toolOf(name: string, arm: Arm, act: Outside["act"]): ToolDefinition<JsonObject> {
  const { output, sensitive } = reads[name] ?? writes[name] ?? {};
  return {
    description: `Use this to ${name.replaceAll("_", " ")}.`,
    inputSchema: { type: "object" },
    effect: name in reads ? read() : once(),
    ...(arm === "none" || output === undefined ? {} : { labels: output }),
    ...(arm === "none" || sensitive === undefined ? {} : { sensitive }),
    execute: (input, { runId }) => act(runId, { tool: name, input }),
  };
}

/** One call a turn, so that each is written with the results of all before it. */
function stepsOf({ suite, task, arm, injection, ...calls }: Script): readonly ScriptedStep[] {
  const plan = { name: "plan", arguments: planArguments(suite.name, task) };
  const ordered = calls.orderedCalls.map((call): ScriptedStep => {
    return {
      call: callOf(call),
      expect: ({ messages }) =>
        injection !== null &&
        messages.some((message) => message.role === "tool" && carries(message.text, injection)),
    };
  });
  return [
    ...(arm === "none" ? [] : [{ call: plan }]),
    ...calls.taskCalls.map((call) => ({ call: callOf(call) })),
    ...ordered,
    { text: "Done." },
  ];
}

function planArguments(suite: string, task: UserTask): JsonObject {
  const plan = planOf(suite, task);
  return isJsonObject(plan) ? plan : {};
}

function callOf(call: TrueCall): { readonly name: string; readonly arguments: JsonObject } {
  const input = inputOf(call);
  return { name: call.tool, arguments: isJsonObject(input) ? input : {} };
}

function isComplete(model: ReturnType<typeof scriptedModel>): boolean {
  try {
    model.assertComplete();
    return true;
  } catch {
    return false;
  }
}
