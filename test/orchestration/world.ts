import { expect, onTestFinished } from "vitest";
import {
  embedded,
  harness,
  memoryStore,
  type AgentDefinition,
  type Harness,
  type HarnessOptions,
  type JournalEvent,
  type JournalStore,
  type Outcome,
  type Run,
} from "../../src/index.ts";
import { readEvents } from "../../src/journal/read-run.ts";
import { verifyChain } from "../../src/journal/record.ts";
import type { PlayedModel } from "./played-model.ts";

export { agentOf, anyObject, modelOf, network, toolOf } from "./played-model.ts";
export type { Ask, PlayedModel, Turn } from "./played-model.ts";

export interface World {
  readonly harness: Harness;
  readonly store: JournalStore;
  /** What was reported through `onProblem`, unless the test hands in its own. */
  readonly problems: unknown[];
}

/** A harness that polls fast and is drained after the test. */
export async function worldOf(
  agents: AgentDefinition | readonly AgentDefinition[],
  options: Partial<HarnessOptions> = {},
): Promise<World> {
  const store = options.store ?? memoryStore();
  const problems: unknown[] = [];
  const made = await harness({
    agents: Array.isArray(agents) ? agents : [agents],
    store,
    engine: embedded({ pollMs: 20 }),
    onProblem: (_runId, thrown) => problems.push(thrown),
    modelRetry: { attemptsMax: 4, baseMs: 1, maxMs: 2, waitMaxMs: 50 },
    ...options,
  });
  onTestFinished(async () => {
    await made.drain(500);
  });
  return { harness: made, store, problems };
}

export interface Ended {
  readonly outcome: Outcome;
  readonly run: Run;
  readonly events: readonly JournalEvent[];
  readonly problems: readonly unknown[];
  readonly store: JournalStore;
}

/** Runs one piece of work to its end and checks that its journal is whole. */
export async function play(
  definition: AgentDefinition,
  options: Partial<HarnessOptions> = {},
  input: unknown = "go",
): Promise<Ended> {
  const { harness: made, store, problems } = await worldOf(definition, options);
  const run = await made.start(definition.name, { input: input as never });
  const outcome = await run.outcome();
  const events = await wholeJournal(store, run.runId);
  return { outcome, run, events, problems, store };
}

/** A run's events; fails when the chain is broken, the end is missing or a claim was left open. */
export async function wholeJournal(
  store: JournalStore,
  runId: string,
): Promise<readonly JournalEvent[]> {
  const records = await store.read(runId, 1, 100_000);
  expect(records.length).toBeGreaterThan(0);
  expect(verifyChain(runId, records)).toBeNull();
  const events = await readEvents(store, runId);
  expect(events.at(-1)?.kind).toBe("run.finished");
  const settled = ["call.completed", "call.failed", "call.in_doubt", "call.refused"];
  for (const event of events) {
    if (event.kind !== "call.claimed") continue;
    const isSettled = events.some(
      (later) => settled.includes(later.kind) && "callId" in later && later.callId === event.callId,
    );
    expect(isSettled, `${event.callId} is left claimed`).toBe(true);
  }
  return events;
}

export function kindsOf(events: readonly JournalEvent[]): string[] {
  return events.map((event) => event.kind);
}

export function eventsOf<K extends JournalEvent["kind"]>(
  events: readonly JournalEvent[],
  kind: K,
): Extract<JournalEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<JournalEvent, { kind: K }> => event.kind === kind);
}

/** The tool results the model was shown in its n-th request, as text. */
export function resultsIn(model: PlayedModel, request: number): string[] {
  const prompt = model.requests[request]?.prompt ?? [];
  return prompt.flatMap((message) =>
    message.role === "tool" ? message.content.map((part) => JSON.stringify(part)) : [],
  );
}

/** Resolves when `test` says yes; fails the test after `ms`. */
export async function until(test: () => unknown, ms = 5_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`not so after ${ms} ms: ${test.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
