import { expect, onTestFinished, test } from "vitest";
import {
  agent,
  embedded,
  harness,
  memoryStore,
  once,
  type Harness,
  type JournalStore,
} from "../../src/index.ts";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";

const LEASE_MS = 150;

async function modelUrl(): Promise<string> {
  const model = scriptedModel([{ call: { name: "pay" } }, { text: "Paid." }]);
  const server = await startWireServer({ models: () => model });
  onTestFinished(() => server.close());
  return server.urlFor("");
}

/** Who paid, in order; `pay` cannot tell two payments apart and the ledger is the list itself. */
function payer(name: string, paid: string[], baseURL: string): ReturnType<typeof agent> {
  return agent({
    name: "clerk",
    model: { baseURL, modelId: "simulated" },
    instructions: "Pay.",
    tools: {
      pay: {
        description: "Use this to pay.",
        inputSchema: { type: "object" },
        effect: once({ reconcile: () => paid[0], settlesWithinMs: 0 }),
        execute: () => {
          paid.push(name);
          return name;
        },
      },
    },
  });
}

/** A worker that is stopped the moment its claim of an effect is durable, until `wakes` resolves. */
function stoppedAtClaim(store: JournalStore, wakes: Promise<void>): JournalStore {
  let isStopped = false;
  const whenAwake = async <T>(answer: T): Promise<T> => {
    if (isStopped) await wakes;
    return answer;
  };
  const append: JournalStore["append"] = async (fence, given) => {
    await whenAwake(null);
    const appended = await store.append(fence, given);
    isStopped ||= given.events.some(({ body }) => body.kind === "call.claimed");
    return whenAwake(appended);
  };
  const extend: JournalStore["extend"] = async (fence, untilMs) => {
    await whenAwake(null);
    return store.extend(fence, untilMs);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "append") return append;
      if (name === "extend") return extend;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

async function started(store: JournalStore, clerk: ReturnType<typeof agent>): Promise<Harness> {
  const engine = embedded({ pollMs: 20 });
  const made = await harness({ agents: [clerk], store, engine, leaseMs: LEASE_MS });
  onTestFinished(() => made.close(1_000));
  return made;
}

test("a worker that slept past its lease does not begin the effect it has claimed", async () => {
  const baseURL = await modelUrl();
  const store = memoryStore();
  const paid: string[] = [];
  const waking = Promise.withResolvers<void>();
  const sleeper = payer("sleeper", paid, baseURL);
  const first = await started(stoppedAtClaim(store, waking.promise), sleeper);
  const run = await first.start(sleeper, { input: "go" });
  const second = await started(store, payer("other", paid, baseURL));
  const outcome = await (await second.run(run.runId)).outcome();
  waking.resolve();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(outcome.kind).toBe("succeeded");
  expect(paid).toEqual(["other"]);
});

test("a cancel posted before any worker had the run stops it before its first model call", async () => {
  const model = scriptedModel([{ call: { name: "pay" } }, { text: "Paid." }]);
  const server = await startWireServer({ models: () => model });
  onTestFinished(() => server.close());
  const store = memoryStore();
  const paid: string[] = [];
  const clerk = payer("clerk", paid, server.urlFor(""));
  const front = await harness({ agents: [clerk], store, work: false });
  const run = await front.start(clerk, { input: "go" });
  await run.cancel();
  const worker = await started(store, clerk);
  const outcome = await (await worker.run(run.runId)).outcome();
  expect(outcome.kind).toBe("cancelled");
  expect(server.requestCount()).toBe(0);
  expect(paid).toEqual([]);
});
