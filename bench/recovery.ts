/**
 * What coming back costs. `resume`: from a journal of N turns to a folded run that can go on.
 * `parked`: a new process takes up 1,000 runs that wait and brings them to their end.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { agent, embedded, harness, once, tool } from "bridle";
import { sqlite } from "bridle/sqlite";
import { readRun } from "../src/journal/read-run.ts";
import { defaultRunLimits } from "../src/orchestration/agent.ts";
import { median } from "./peers/workload.ts";

const { values } = parseArgs({
  options: { dir: { type: "string" }, kind: { type: "string" }, count: { type: "string" } },
});
const dir = values.dir ?? ".";
const count = Number(values.count ?? "500");

function answers(calls: (turn: number) => boolean): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "scripted",
    modelId: "scripted",
    supportedUrls: {},
    doStream: () => Promise.reject(new Error("not streamed")),
    doGenerate: async ({ prompt }) => {
      const turn = prompt.filter((message) => message.role === "assistant").length + 1;
      const isCall = calls(turn);
      return {
        content: isCall
          ? [{ type: "tool-call", toolCallId: `c${turn}`, toolName: "wait", input: "{}" }]
          : [{ type: "text", text: "done" }],
        finishReason: { unified: isCall ? "tool-calls" : "stop", raw: undefined },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
        warnings: [],
      };
    },
  };
}

/** One run of `count` turns with 1 KiB results, then the time to fold it from a cold store. */
async function measureResume(): Promise<object> {
  const file = path.join(dir, "resume.db");
  const pad = "x".repeat(1024);
  const long = agent({
    name: "long",
    model: answers((turn) => turn <= count),
    instructions: "wait",
    tools: { wait: tool({ inputSchema: { type: "object" }, effect: once(), execute: () => pad }) },
    limits: { turnsMax: 100_000, callsMax: 100_000 },
  });
  const bridle = await harness({ agents: [long], store: sqlite(file, { synchronous: "normal" }) });
  const run = await bridle.start("long", { input: "go" });
  await run.outcome();
  await bridle.close();
  const times: number[] = [];
  for (let i = 0; i < 21; i++) {
    const started = performance.now();
    const store = sqlite(file);
    const state = await readRun(store, run.runId);
    times.push(performance.now() - started);
    if (state?.turn !== count + 1) throw new Error("the run was not read whole");
    await store.close();
  }
  return { kind: "resume", turns: count, ms: round(median(times)), msFirst: round(times[0] ?? 0) };
}

/** `count` runs parked over a call in doubt; a person answers all, one harness takes them up. */
async function measureParked(): Promise<object> {
  const file = path.join(dir, "parked.db");
  const seed = sqlite(file);
  const ids = await Promise.all(
    Array.from({ length: count }, async (_unused, index) => {
      const runId = `parked-${index}`;
      const at = Date.now();
      const owner = "gone";
      const created = await seed.create({
        runId,
        agent: "waiter",
        lane: "bench",
        requestHash: "",
        at,
        lease: { owner, until: at + 60_000 },
        created: {
          kind: "run.created",
          agent: "waiter",
          fingerprints: {},
          input: "go",
          limits: defaultRunLimits,
          prompt: "go",
          runId,
        },
      });
      if (created.kind !== "created" || created.fence === null) throw new Error("not created");
      await seed.append(created.fence, {
        expected: 1,
        hash: created.hash,
        events: [{ at, body: { kind: "run.parked", waitingFor: "a message" } }],
        after: { status: "parked", wakeAt: null, inboxSeen: 0 },
      });
      await seed.release(created.fence);
      return runId;
    }),
  );
  for (const runId of ids) {
    const body = { text: "go on" };
    await seed.post(runId, { key: "steer:1", kind: "steer", body, at: Date.now() });
  }
  await seed.close();
  const waiter = agent({ name: "waiter", model: answers(() => false), instructions: "wait" });
  const started = performance.now();
  const engine = embedded({ concurrency: 64 });
  const bridle = await harness({ agents: [waiter], store: sqlite(file), engine });
  for (const runId of ids) await (await bridle.run(runId)).outcome();
  const ms = performance.now() - started;
  await bridle.close();
  const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  return { kind: "parked", runs: count, ms: round(ms), rssMb };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const measured = values.kind === "parked" ? await measureParked() : await measureResume();
process.stdout.write(`${JSON.stringify(measured)}\n`);
