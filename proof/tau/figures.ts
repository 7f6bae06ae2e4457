/** From played tasks to figures, and to the sentences that say what broke. */
import { FAULT_KINDS } from "../../src/chaos/door.ts";
import type { JsonObject } from "../../src/std/json.ts";
import type { ProofReport } from "../proof.ts";
import { addFaults, noFaults } from "./models.ts";
import type { Played, PlayedTask } from "./play.ts";

export interface Setting {
  readonly domain: string;
  readonly model: string;
  /** Null when the model is not simulated. */
  readonly noise: { readonly errorRate: number; readonly seed: number } | null;
  readonly quick: boolean;
  readonly ms: number;
}

/**
 * What must hold with any model: every run ends, no call runs with arguments that its schema
 * refuses, no effect happens twice. That each call runs once and all tasks end exact is demanded of
 * the oracle alone: a model that errs may claim what it has not done, and such claims are counted
 * here, not prevented.
 */
export function reportOf(played: Played, setting: Setting): ProofReport {
  const { tasks, desks } = played;
  const ended = tasks.filter(({ outcome }) => outcome !== null);
  const exact = tasks.filter(({ isExact }) => isExact).length;
  const claimed = tasks.filter(({ outcome }) => outcome?.kind === "succeeded");
  const silent = claimed.filter(({ isExact }) => !isExact);
  const changed = tasks.filter(({ isChanged }) => isChanged).length;
  const called = sum(tasks, ({ task }) => task.actions.length);
  const injected = noFaults();
  for (const one of tasks) addFaults(injected, one.injected);
  const result: JsonObject = {
    tasks: tasks.length,
    exact,
    invalidExecuted: desks.invalidExecuted,
    effectsDoubled: desks.effectsDoubled,
    terminal: ended.length,
    claimed: claimed.length,
    claimedButWrong: silent.length,
    stateChanged: changed,
    outcomes: tally(ended.map(({ outcome }) => outcome?.kind ?? "")),
    callsOfReference: called,
    callsExecuted: desks.executed,
    refusedByDomain: desks.refusedByDomain,
    refusedByHarness: tally(tasks.flatMap(({ refused }) => refused)),
    ...(setting.noise === null
      ? {}
      : { injected: { ...injected }, claimedButWrongWith: faultsBehind(silent) }),
    turns: sum(tasks, ({ outcome }) => outcome?.turns ?? 0),
    inputTokens: sum(tasks, ({ outcome }) => outcome?.usage.inputTokens ?? 0),
    outputTokens: sum(tasks, ({ outcome }) => outcome?.usage.outputTokens ?? 0),
    requests: played.requests,
    domain: setting.domain,
    model: setting.model,
    ...(setting.noise === null ? {} : { error: setting.noise.errorRate, seed: setting.noise.seed }),
    quick: setting.quick,
    ms: setting.ms,
  };
  const isOracle = setting.model === "oracle";
  const wrong = tasks.filter(({ isExact }) => !isExact).map(({ task }) => task.id);
  const broken = [
    ...(tasks.length === 0 ? ["no task was played"] : []),
    ...(ended.length < tasks.length ? [`${tasks.length - ended.length} runs did not end`] : []),
    ...(desks.invalidExecuted > 0 ? [`${desks.invalidExecuted} calls ran with invalid input`] : []),
    ...(desks.effectsDoubled > 0 ? [`${desks.effectsDoubled} effects happened twice`] : []),
    ...(isOracle && wrong.length > 0 ? [`tasks in another end state: ${wrong.join(", ")}`] : []),
    ...(isOracle && desks.executed !== called
      ? [`${desks.executed} calls ran, ${called} were asked for`]
      : []),
    ...(isOracle && changed === 0 ? ["nothing was written, so nothing was tried"] : []),
  ];
  return { result, table: tableOf(result), broken };
}

/** How many wrong claims had each kind of error in their run; a run may have had several. */
function faultsBehind(silent: readonly PlayedTask[]): JsonObject {
  const kinds = silent.flatMap(({ injected }) => FAULT_KINDS.filter((kind) => injected[kind] > 0));
  return tally(kinds);
}

function tableOf(result: JsonObject): readonly (readonly string[])[] {
  const rows = Object.entries(result).map(([name, value]) => [words(name), cell(value)]);
  return [["figure", "value"], ...rows];
}

function cell(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const parts = Object.entries(value).map(([name, count]) => `${words(name)} ${String(count)}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function words(name: string): string {
  return name.replaceAll("_", " ").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function tally(kinds: readonly string[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function sum(tasks: readonly PlayedTask[], of: (task: PlayedTask) => number): number {
  return tasks.reduce((total, task) => total + of(task), 0);
}
