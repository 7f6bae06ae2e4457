/** One run, killed at the boundaries it is told, resumed by a fresh process each time, checked. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, type Json } from "../../src/std/json.ts";
import { startChild } from "../child.ts";
import { checkRun, type Checked } from "./check.ts";
import { modelOf } from "./models.ts";
import type { Scenario } from "./scenario.ts";
import type { World } from "../world.ts";

export interface TrialPlan {
  readonly scenario: Scenario;
  /** Where the first process is killed, then the second, and so on. */
  readonly stops: readonly string[];
}

export interface Trial extends TrialPlan {
  /** Processes that died of SIGKILL at the boundary they were told. */
  readonly kills: number;
  /** The boundaries that the last process passed. */
  readonly passed: readonly string[];
  readonly checked: Checked;
}

/** A process that neither ends nor stands still for so long is stuck, and its run is lost. */
const STUCK_MS = 60_000;

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

let trials = 0;

export async function runTrial(world: World, plan: TrialPlan): Promise<Trial> {
  const { scenario, stops } = plan;
  trials += 1;
  const tag = `run${trials}`;
  const folder = join(world.folder, tag);
  await mkdir(folder);
  const modelUrl = world.addModel(tag, modelOf(scenario.script, tag));
  const orders = { scenario: scenario.name, tag, folder, modelUrl, ledgerUrl: world.ledger.url };
  let kills = 0;
  for (const [index, stopAt] of stops.entries()) {
    const lived = await live(world, { ...orders, stopAt, isFirst: index === 0 });
    if (lived.killedAt === stopAt) kills += 1;
  }
  const last = await live(world, { ...orders, stopAt: null, isFirst: stops.length === 0 });
  const checked = await checkRun(world, { scenario, tag, folder });
  const problems = last.problem === null ? checked.problems : [...checked.problems, last.problem];
  world.dropModel(tag);
  await rm(folder, { recursive: true, force: true });
  return { scenario, stops, kills, passed: last.passed, checked: { ...checked, problems } };
}

interface Lived {
  /** The boundary at which SIGKILL ended the process; null when it ended by itself. */
  readonly killedAt: string | null;
  readonly passed: readonly string[];
  readonly problem: string | null;
}

async function live(world: World, orders: Json): Promise<Lived> {
  let at: string | null = null;
  let passed: readonly string[] = [];
  const child = startChild(PROCESS, [JSON.stringify(orders)], {
    cacheFolder: join(world.folder, "compiled"),
    onLine: (line) => {
      if (!isJsonObject(line)) return;
      if (Array.isArray(line["passed"])) passed = line["passed"].map(String);
      if (typeof line["at"] !== "string") return;
      at = line["at"];
      child.kill("SIGKILL");
    },
  });
  const stuck = setTimeout(() => child.kill("SIGTERM"), STUCK_MS);
  const { code, signal, stderr } = await child.ended;
  clearTimeout(stuck);
  const killedAt = signal === "SIGKILL" ? at : null;
  const isFine = code === 0 || killedAt !== null;
  const problem = isFine ? null : `A process ended with ${code ?? signal}: ${stderr.slice(-500)}`;
  return { killedAt, passed, problem };
}
