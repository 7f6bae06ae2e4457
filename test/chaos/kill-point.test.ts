import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";
import {
  killPointFromEnv,
  killPoints,
  parseKillPoint,
  withKillPoint,
  type KillPoint,
} from "../../src/chaos/kill-point.ts";
import { memoryStore } from "../../src/index.ts";
import { readEvents } from "../../src/journal/read-run.ts";
import { isBridleError } from "../../src/std/error.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, toolOf } from "../orchestration/played-model.ts";
import { worldOf } from "../orchestration/world.ts";
import { startTill, type Till } from "./till.ts";

interface Place {
  readonly path: string;
  readonly till: Till;
  /** One life of the worker. */
  readonly live: (env?: Readonly<Record<string, string>>) => Promise<Life>;
  /** What is durable now, and what happened outside. */
  readonly truth: () => Promise<Truth>;
}

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Truth {
  readonly status: string;
  readonly answers: number;
  readonly claims: number;
  readonly receipts: number;
  /** Times each order was paid. */
  readonly paid: Readonly<Record<string, number>>;
}

async function place(effect: "once" | "idempotent", how: "asked" | "" = ""): Promise<Place> {
  const path = mkdtempSync(join(tmpdir(), "bridle-mortal-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const till = await startTill();
  const server = await startWireServer({
    models: () =>
      scriptedModel([
        { call: { name: "pay", arguments: { order: "A" } } },
        { call: { name: "look", arguments: { order: "A" } } },
        { call: { name: "pay", arguments: { order: "B" } } },
        { text: "Both are paid." },
      ]),
  });
  onTestFinished(() => server.close());
  const args = [path, server.urlFor(""), till.url, effect, how];
  return { path, till, live: (env = {}) => live(args, env), truth: () => truth(path, till) };
}

async function live(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Life> {
  const script = join(import.meta.dirname, "mortal.ts");
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => (text[name] += chunk));
  }
  return new Promise((resolve) => {
    child.on("close", (_code, signal) => resolve({ signal, ...text }));
  });
}

async function truth(path: string, till: Till): Promise<Truth> {
  const store = sqlite(join(path, "journal.db"));
  try {
    const [row] = await store.list();
    const events = row === undefined ? [] : await readEvents(store, row.runId);
    const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
    // A read is completed too, and has no claim.
    const claimed = new Set(events.flatMap((e) => (e.kind === "call.claimed" ? [e.callId] : [])));
    const receipts = events.filter((e) => e.kind === "call.completed" && claimed.has(e.callId));
    return {
      status: row?.status ?? "none",
      answers: count("model.answered"),
      claims: count("call.claimed"),
      receipts: receipts.length,
      paid: till.paid(),
    };
  } finally {
    await store.close();
  }
}

const allPaid = { kind: "succeeded", text: "Both are paid." };

/** What is true right behind a death at the first of each point. */
const firstDeaths: Readonly<Record<Exclude<KillPoint, "after_takeover">, Partial<Truth>>> = {
  after_accept: { status: "ready", answers: 0 },
  before_decision: { answers: 0, claims: 0, paid: {} },
  after_decision: { answers: 1, receipts: 0, paid: {} },
  before_effect: { answers: 1, claims: 1, receipts: 0, paid: {} },
  after_effect: { claims: 1, receipts: 0, paid: { A: 1 } },
  after_receipt: { claims: 1, receipts: 1, paid: { A: 1 } },
  while_parked: { status: "parked", answers: 1, claims: 0, paid: {} },
  before_finish: { status: "ready", receipts: 2, paid: { A: 1, B: 1 } },
  after_finish: { status: "finished", answers: 4, receipts: 2, paid: { A: 1, B: 1 } },
};

describe("a worker that is told where to die", () => {
  for (const [at, found] of Object.entries(firstDeaths)) {
    test(`dies ${at}, and the next one brings the run to its end`, async () => {
      const { live, truth } = await place("once", at === "while_parked" ? "asked" : "");
      expect((await live({ BRIDLE_KILL_AT: at })).signal).toBe("SIGKILL");
      expect(await truth()).toMatchObject(found);
      const next = await live();
      expect(next.stderr).toBe("");
      expect(JSON.parse(next.stdout)).toEqual(allPaid);
      expect(await truth()).toMatchObject({ status: "finished", paid: { A: 1, B: 1 } });
    });
  }

  test("dies at the second of a point, and under a key that the service honours pays once", async () => {
    const { live, truth, till } = await place("idempotent");
    expect((await live({ BRIDLE_KILL_AT: "after_effect:2" })).signal).toBe("SIGKILL");
    expect(await truth()).toMatchObject({ claims: 2, receipts: 1, paid: { A: 1, B: 1 } });
    expect(JSON.parse((await live()).stdout)).toEqual(allPaid);
    expect(till.paid()).toEqual({ A: 1, B: 1 });
    // The service was asked again, under the key that it knew.
    expect(till.requests()).toBe(3);
  });

  test("dies again while it takes over, and the third one succeeds", async () => {
    const { live, truth } = await place("once");
    expect((await live({ BRIDLE_KILL_AT: "after_effect" })).signal).toBe("SIGKILL");
    expect((await live({ BRIDLE_KILL_AT: "after_takeover" })).signal).toBe("SIGKILL");
    expect(await truth()).toMatchObject({ claims: 1, receipts: 0, paid: { A: 1 } });
    // What the dead one before it had claimed is known to be an effect.
    expect((await live({ BRIDLE_KILL_AT: "after_receipt" })).signal).toBe("SIGKILL");
    expect(await truth()).toMatchObject({ receipts: 1, paid: { A: 1 } });
    expect(JSON.parse((await live()).stdout)).toEqual(allPaid);
    expect((await truth()).paid).toEqual({ A: 1, B: 1 });
  });

  test("dies once where its environment stays what it is", async () => {
    const { live, truth, path } = await place("once");
    const mark = join(path, "died");
    const env = { BRIDLE_KILL_AT: "before_decision", BRIDLE_KILL_ONCE: mark };
    expect((await live(env)).signal).toBe("SIGKILL");
    expect(existsSync(mark)).toBe(true);
    expect(JSON.parse((await live(env)).stdout)).toEqual(allPaid);
    expect((await truth()).paid).toEqual({ A: 1, B: 1 });
  });
});

describe("a store with a death in it", () => {
  test("does nothing more behind its point, for one who dies in another way", async () => {
    const inner = memoryStore();
    let deaths = 0;
    const kill = (): void => void (deaths += 1);
    const store = withKillPoint(inner, { at: "after_effect", kill });
    let acts = 0;
    const act = toolOf({ execute: () => `${(acts += 1)}` });
    const agent = agentOf(modelOf({ calls: [{ tool: "act", input: {} }] }, "Done."), {
      tools: { act },
    });
    const { harness } = await worldOf(agent, { store });
    const run = await harness.start(agent, { input: "go" });
    await expect.poll(() => deaths).toBe(1);
    const events = await readEvents(inner, run.runId);
    expect(events.at(-1)?.kind).toBe("call.claimed");
    expect(acts).toBe(1);
    const asked = await Promise.race([store.get(run.runId), soon()]);
    expect(asked).toBe("nothing");
  });

  test("is the store itself where nobody is to die", () => {
    const store = memoryStore();
    expect(killPointFromEnv(store, {})).toBe(store);
    expect(killPointFromEnv(store, { BRIDLE_KILL_AT: "" })).toBe(store);
  });

  test("has a spelling for each point", () => {
    expect(killPoints.map((at) => parseKillPoint(`${at}:3`))).toEqual(
      killPoints.map((at) => ({ at, nth: 3 })),
    );
    expect(parseKillPoint("after_effect")).toEqual({ at: "after_effect", nth: 1 });
  });

  test.each(["after_efect", "after_effect:0", "after_effect:x", "after_effect:", ":1"])(
    "refuses %j with a hint",
    (text) => {
      let thrown: unknown;
      try {
        killPointFromEnv(memoryStore(), { BRIDLE_KILL_AT: text });
      } catch (caught) {
        thrown = caught;
      }
      expect(isBridleError(thrown, "input_invalid")).toBe(true);
      expect(thrown).toHaveProperty("hint", expect.stringContaining("after_effect:3"));
    },
  );
});

function soon(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("nothing"), 50);
  });
}
