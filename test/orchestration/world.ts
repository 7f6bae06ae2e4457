import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { expect, onTestFinished } from "vitest";
import {
  agent,
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
  type ToolDefinition,
} from "../../src/index.ts";
import { readEvents } from "../../src/journal/read-run.ts";
import { verifyChain } from "../../src/journal/record.ts";

/** One tool call as a model writes it. `input` is sent as JSON, `text` as it is. */
export interface Ask {
  readonly tool: string;
  readonly input?: unknown;
  readonly text?: string;
  readonly id?: string;
}

/** What a model does in one turn. */
export type Turn =
  | string
  | { readonly calls: readonly Ask[]; readonly text?: string; readonly finish?: string }
  | { readonly text: string; readonly finish?: string }
  | { readonly content: readonly unknown[]; readonly finish?: string }
  | { readonly fails: unknown }
  | ((options: LanguageModelV4CallOptions) => Turn | Promise<Turn>);

export interface PlayedModel extends LanguageModelV4 {
  /** The requests it got, oldest first. */
  readonly requests: LanguageModelV4CallOptions[];
}

type Content = Awaited<ReturnType<LanguageModelV4["doGenerate"]>>["content"];

/**
 * A model object in this process that plays turns by the number of assistant messages it is
 * shown, so that a run that is resumed gets the same answer. Past the last turn it says "Done.".
 */
export function modelOf(...turns: readonly Turn[]): PlayedModel {
  const requests: LanguageModelV4CallOptions[] = [];
  const fails: unknown[] = turns.filter((turn) => isFailure(turn));
  const answers = turns.filter((turn) => !isFailure(turn));
  return {
    specificationVersion: "v4",
    provider: "played",
    modelId: "model",
    supportedUrls: {},
    requests,
    doGenerate: async (options) => {
      requests.push(options);
      const failure = fails.shift();
      if (isFailure(failure)) throw failure.fails;
      const said = options.prompt.filter((message) => message.role === "assistant").length;
      let turn = answers[said] ?? "Done.";
      while (typeof turn === "function") turn = await turn(options);
      if (isFailure(turn)) throw turn.fails;
      return answerOf(turn, said);
    },
    doStream: async () => {
      throw new Error("not played");
    },
  };
}

function isFailure(turn: unknown): turn is { readonly fails: unknown } {
  return typeof turn === "object" && turn !== null && "fails" in turn;
}

function answerOf(
  turn: Exclude<Turn, (options: LanguageModelV4CallOptions) => unknown>,
  said: number,
): Awaited<ReturnType<LanguageModelV4["doGenerate"]>> {
  const content: unknown[] = [];
  if (typeof turn === "string") content.push({ type: "text", text: turn });
  else if ("content" in turn) content.push(...turn.content);
  else if ("text" in turn) content.push({ type: "text", text: turn.text });
  const calls = typeof turn === "object" && "calls" in turn ? turn.calls : [];
  for (const [index, call] of calls.entries()) {
    content.push({
      type: "tool-call",
      toolCallId: call.id ?? `p${said}-${index}`,
      toolName: call.tool,
      input: call.text ?? JSON.stringify(call.input ?? {}),
    });
  }
  const usual = calls.length > 0 ? "tool-calls" : "stop";
  const finish = (typeof turn === "object" && "finish" in turn ? turn.finish : undefined) ?? usual;
  return {
    content: content as Content,
    finishReason: { unified: finish as "stop", raw: finish },
    usage: {
      inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 5, text: 5, reasoning: 0 },
    },
    warnings: [],
  };
}

export const anyObject = { type: "object" } as const;

/** A tool that takes any object; `parts` say the rest. */
export function toolOf(parts: Partial<ToolDefinition<never>>): ToolDefinition {
  return { description: "Use this.", inputSchema: anyObject, execute: () => "ok", ...parts };
}

export function agentOf(
  model: AgentDefinition["model"],
  parts: Partial<AgentDefinition> = {},
): AgentDefinition {
  return agent({ name: "worker", model, instructions: "Work.", ...parts });
}

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
