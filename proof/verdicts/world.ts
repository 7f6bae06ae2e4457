/** Everything that the runs of this proof share: the service, the models' server, the harness. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptedModel, startWireServer, type ChatModel } from "../../src/chaos/door.ts";
import { agent, embedded, harness } from "../../src/index.ts";
import type { AgentDefinition, Harness, ModelReference } from "../../src/index.ts";
import { isJsonObject } from "../../src/std/json.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { endChildren } from "../child.ts";
import { Desks, kitOf, type Kit } from "./kit.ts";
import type { RunInput, Scenario } from "./plan.ts";
import { scriptedSteps, type Case } from "./script.ts";
import { textOf } from "./text.ts";
import { startService, type Service } from "./outside.ts";

export interface World {
  readonly bridle: Harness;
  readonly service: Service;
  readonly desks: Desks;
  /** Puts the script of a case behind an address of its own, for the runs of this desk. */
  addModel(desk: string, given: Case): void;
  dropModel(desk: string): void;
  close(): Promise<void>;
}

/** Runs at once. */
export const WIDE = 32;

export async function openWorld(scenarios: readonly Scenario[]): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "bridle-verdicts-"));
  const models = new Map<string, ChatModel>();
  const chat = await startWireServer({ models: (desk) => models.get(desk) });
  const service = await startService(folder);
  const desks = new Desks();
  const kit = kitOf(service, desks);
  const modelOf = (desk: string): ModelReference => ({
    baseURL: chat.urlFor(desk),
    modelId: "scripted",
  });
  const agents = scenarios.flatMap((scenario) => [
    agentOf(scenario, kit, modelOf),
    ungated(agentOf(scenario, kit, modelOf)),
  ]);
  const bridle = await harness({
    agents,
    store: sqlite(join(folder, "journal.db"), { synchronous: "normal" }),
    engine: embedded({ concurrency: WIDE }),
    modelRetry: { attemptsMax: 4, baseMs: 1, maxMs: 2, waitMaxMs: 50 },
  });
  return {
    bridle,
    service,
    desks,
    addModel: (desk, given) =>
      void models.set(desk, scriptedModel(scriptedSteps(given.steps), desk)),
    dropModel: (desk) => void models.delete(desk),
    close: async () => {
      await bridle.close(0);
      await endChildren();
      await chat.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function agentOf(
  scenario: Scenario,
  kit: Kit,
  modelOf: (desk: string) => ModelReference,
): AgentDefinition<RunInput> {
  const { name, stopWhen, cited } = scenario;
  return agent<RunInput>({
    name,
    instructions: "Do what the customer asks, with the tools. Then report what you did.",
    model: ({ input }) => modelOf(isJsonObject(input) ? textOf(input["desk"]) : ""),
    prompt: ({ request }) => request,
    tools: scenario.tools(kit),
    ...(stopWhen === undefined ? {} : { stopWhen }),
    ...(cited ? { report: "cited" as const } : {}),
    ...scenario.gate(kit),
  });
}

/** The same agent without anything that the gate could go by. */
function ungated(definition: AgentDefinition<RunInput>): AgentDefinition<RunInput> {
  const bareTools = Object.entries(definition.tools ?? {}).map(([name, tool]) => {
    return [name, without(tool, ["claims", "obliges"])] as const;
  });
  const bare = without(definition, ["done", "obligations", "effects", "report", "gate"]);
  return { ...bare, name: ungatedName(definition.name), tools: Object.fromEntries(bareTools) };
}

function without<T extends object, K extends keyof T>(given: T, names: readonly K[]): Omit<T, K> {
  const kept = { ...given };
  for (const name of names) delete kept[name];
  return kept;
}

export function ungatedName(name: string): string {
  return `${name}.ungated`;
}
