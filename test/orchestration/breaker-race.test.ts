/** Eight processes over one SQLite file, and one service that is down, up, or never answers. */
import { fork, type ChildProcess } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { embedded } from "../../src/index.ts";
import { faultPlan, rateGate, scriptedModel, type ExchangeRecord } from "../../src/chaos/door.ts";
import { serve } from "../chaos/served.ts";
import { makeFolder, openJournal } from "../storage/folder.ts";
import { agentOf, sleep, until, wholeJournal, worldOf } from "./world.ts";

const PROCESSES = 8;
const PROBE_MS = 3_000;

interface Hit {
  readonly pid: number;
  readonly at: number;
}

/** A service that says how many it serves at once, and whether it works. */
async function service() {
  const state = { answer: "down" as "down" | "up" | "hang", ms: 20, inside: 0, mostInside: 0 };
  const hits: Hit[] = [];
  const server = createServer((request, response) => {
    hits.push({ pid: Number((request.url ?? "").slice(1)), at: Date.now() });
    state.inside += 1;
    state.mostInside = Math.max(state.mostInside, state.inside);
    response.on("close", () => (state.inside -= 1));
    const { answer, ms } = state;
    if (answer === "hang") return;
    setTimeout(() => response.writeHead(answer === "up" ? 200 : 503).end(), ms);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { state, hits, url: `http://127.0.0.1:${address.port}` };
}

class Crew {
  readonly #children: ChildProcess[] = [];

  static async of(count: number, ...args: readonly string[]): Promise<Crew> {
    const crew = new Crew();
    const script = join(import.meta.dirname, "breaker-child.ts");
    const ready: Promise<unknown>[] = [];
    for (let n = 0; n < count; n++) {
      const child = fork(script, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      ready.push(new Promise((resolve) => child.once("message", resolve)));
      crew.#children.push(child);
    }
    await Promise.all(ready);
    return crew;
  }

  /** Every process, or those named, plays so many runs at once; how many of them paid. */
  async play(runs: number, but = -1): Promise<number> {
    const playing = this.#children.flatMap((child) => {
      if (child.pid === but || !child.connected) return [];
      const told = new Promise<{ paid?: number; failed?: string }>((resolve) => {
        child.once("message", (message) => resolve(message as { paid?: number }));
      });
      child.send(runs);
      return [told];
    });
    let paid = 0;
    for (const told of await Promise.all(playing)) {
      if (told.failed !== undefined) throw new Error(told.failed);
      paid += told.paid ?? 0;
    }
    return paid;
  }

  /** Every process begins so many runs; nobody waits for them. */
  begin(runs: number): void {
    for (const child of this.#children) child.send(runs);
  }

  kill(pid?: number): void {
    for (const child of this.#children) {
      if (pid === undefined || child.pid === pid) child.kill("SIGKILL");
    }
  }
}

async function halfOpen(file: string): Promise<void> {
  const store = openJournal(file);
  const isDue = async (): Promise<boolean> => {
    const { openUntil = 0 } = (await store.circuit("tool/pay")) ?? {};
    return openUntil > 0 && openUntil < Date.now();
  };
  await until(isDue, 20_000);
}

test("eight processes hit a dead service within their budgets, then probe one at a time", async () => {
  const { state, hits, url } = await service();
  const file = join(makeFolder(), "bridle.db");
  const crew = await Crew.of(PROCESSES, file, url);
  expect(await crew.play(20)).toBe(0);
  // Ten of a tool may be on their way in a process before it is known to be down.
  expect(hits.length).toBeGreaterThanOrEqual(5);
  expect(hits.length).toBeLessThanOrEqual(PROCESSES * 10);
  await halfOpen(file);
  const dead = hits.length;
  state.mostInside = 0;
  state.ms = 400;
  expect(await crew.play(10)).toBe(0);
  expect(state.mostInside).toBe(1);
  expect(hits.length).toBe(dead + 1);
  await halfOpen(file);
  state.answer = "up";
  state.mostInside = 0;
  const paid = await crew.play(10);
  // The probe paid, and so did whoever came after it had; nobody beside it.
  expect(paid).toBeGreaterThanOrEqual(1);
  expect(paid).toBe(hits.length - dead - 1);
  state.ms = 5;
  await sleep(1_100);
  expect(await crew.play(10)).toBe(PROCESSES * 10);
}, 60_000);

test("when the process of the probe is killed, another probes after its time", async () => {
  const { state, hits, url } = await service();
  const file = join(makeFolder(), "bridle.db");
  const crew = await Crew.of(4, file, url);
  expect(await crew.play(10)).toBe(0);
  await halfOpen(file);
  const dead = hits.length;
  state.answer = "hang";
  state.mostInside = 0;
  crew.begin(5);
  await until(() => hits.length === dead + 1, 10_000);
  const probe = hits[dead];
  await sleep(300);
  crew.kill(probe?.pid);
  state.answer = "up";
  let paid = 0;
  while (paid === 0 && Date.now() - (probe?.at ?? 0) < 15_000) {
    paid = await crew.play(1, probe?.pid);
    await sleep(50);
  }
  const next = hits[dead + 1];
  expect(paid).toBeGreaterThan(0);
  const waited = (next?.at ?? 0) - (probe?.at ?? 0);
  expect(next?.pid).not.toBe(probe?.pid);
  expect(waited).toBeGreaterThanOrEqual(PROBE_MS - 200);
  expect(waited).toBeLessThan(PROBE_MS + 3_000);
  // The one that hung and the one after it: never a third beside them.
  expect(hits.filter(({ at }) => at < (next?.at ?? 0)).length).toBe(dead + 1);
}, 60_000);

test("a run that is parked for a rate limit goes on elsewhere, at its time", async () => {
  const exchanges: ExchangeRecord[] = [];
  const server = await serve({
    models: () => scriptedModel([{ text: "Done." }]),
    faults: faultPlan({ faults: ["rate_limited_short:5000@1"] }),
    gate: rateGate(),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const file = join(makeFolder(), "bridle.db");
  const crew = await Crew.of(1, file, server.urlFor(""), "model");
  crew.begin(1);
  const store = openJournal(file);
  await until(async () => (await store.list({ status: "parked" })).length === 1, 10_000);
  crew.kill();
  const [row] = await store.list({ status: "parked" });
  const model = { baseURL: server.urlFor(""), modelId: "m" };
  const { harness: made } = await worldOf(agentOf(model), {
    store,
    engine: embedded({ pollMs: 20 }),
    modelRetry: { waitMaxMs: 200 },
  });
  const run = await made.run(row?.runId ?? "");
  expect((await run.outcome()).kind).toBe("succeeded");
  expect(exchanges).toHaveLength(2);
  expect(exchanges.filter(({ earlyByMs }) => earlyByMs !== undefined)).toEqual([]);
  expect((exchanges[1]?.atMs ?? 0) - (exchanges[0]?.endedAtMs ?? 0)).toBeLessThan(7_000);
  await wholeJournal(store, run.runId);
}, 30_000);
