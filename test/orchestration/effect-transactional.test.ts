import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ToolError, transactional, type ToolDefinition } from "../../src/index.ts";
import { sqliteTransactor } from "../../src/storage/sqlite/door.ts";
import { agentOf, eventsOf, modelOf, network, play, sleep, toolOf } from "./world.ts";

const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

/** A shop's database with a tool that pays in a transaction of it. */
function shop() {
  const folder = mkdtempSync(join(tmpdir(), "bridle-shop-"));
  const path = join(folder, "shop.db");
  const look = new DatabaseSync(path);
  look.exec("CREATE TABLE payments (key TEXT)");
  const transactor = sqliteTransactor(path);
  onTestFinished(() => {
    transactor.close();
    look.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const pay = (
    parts: Partial<ToolDefinition>,
    after: (attempt: number) => unknown,
  ): ToolDefinition =>
    toolOf({
      effect: transactional(transactor),
      retry: { retriesMax: 2, baseMs: 1, maxMs: 1 },
      execute: async (_input, { tx, idempotencyKey, attempt }) => {
        const db = tx as DatabaseSync;
        db.prepare("INSERT INTO payments (key) VALUES (?)").run(idempotencyKey);
        return after(attempt);
      },
      ...parts,
    });
  const paid = (): number =>
    Number(look.prepare("SELECT count(*) AS n FROM payments").get()?.["n"]);
  return { pay, paid, transactor };
}

test("E4: an effect and its receipt commit together", async () => {
  const { pay, paid, transactor } = shop();
  const tools = { pay: pay({}, () => ({ id: "p1" })) };
  const { outcome, run } = await play(agentOf(modelOf(payTurn), { tools }));
  expect(outcome.receipts).toMatchObject([
    { effect: "transactional", output: { id: "p1" }, via: "transaction" },
  ]);
  expect(paid()).toBe(1);
  expect(await transactor.find(`${run.runId}-t1c0`)).toEqual({ output: { id: "p1" } });
});

test("a tool that throws has undone its effect: nothing is in doubt", async () => {
  const { pay, paid } = shop();
  for (const thrown of [
    new Error("bug"),
    new ToolError("no"),
    new ToolError("?", { happened: "unknown" }),
  ]) {
    const tools = {
      pay: pay({}, () => {
        throw thrown;
      }),
    };
    const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools }));
    expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [], receipts: [] });
    expect(eventsOf(events, "call.failed")).toHaveLength(1);
  }
  expect(paid()).toBe(0);
});

test("passing trouble is tried again under a new claim", async () => {
  const { pay, paid } = shop();
  const tools = {
    pay: pay({}, (attempt) => {
      if (attempt === 1) throw network("ECONNRESET");
      return "paid";
    }),
  };
  const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools }));
  expect(outcome.receipts).toHaveLength(1);
  expect(eventsOf(events, "call.claimed")).toHaveLength(2);
  expect(paid()).toBe(1);
});

test("a tool that is late has its transaction undone, and the next try is the only one", async () => {
  const { pay, paid } = shop();
  const tools = {
    pay: pay({ timeoutMs: 40 }, async (attempt) => {
      // Heeds no signal and ends after its deadline.
      if (attempt === 1) await sleep(60);
      return `paid at ${attempt}`;
    }),
  };
  const { outcome } = await play(agentOf(modelOf(payTurn), { tools }));
  expect(outcome.receipts).toHaveLength(1);
  expect(outcome.receipts[0]?.output).toMatch(/paid at [23]/);
  await sleep(80);
  expect(paid()).toBe(1);
});

test("a tool that is too late on its last try leaves nothing behind, and that is what is said", async () => {
  const { pay, paid } = shop();
  const tools = {
    pay: pay({ timeoutMs: 30, retry: { retriesMax: 0 } }, () => sleep(60)),
  };
  const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools }));
  expect(eventsOf(events, "call.failed")).toHaveLength(1);
  expect(outcome.receipts).toEqual([]);
  await sleep(80);
  expect(paid()).toBe(0);
});

test("an output that cannot be kept does not undo the effect", async () => {
  const { pay, paid } = shop();
  const tools = { pay: pay({}, () => ({ cents: 5n })) };
  const { outcome, events } = await play(agentOf(modelOf(payTurn), { tools }));
  expect(paid()).toBe(1);
  expect(outcome.receipts[0]?.output).toContain("could not be kept");
  expect(eventsOf(events, "call.completed")[0]?.outputDropped).toBeDefined();
});

test("a database that cannot be read leaves the call in doubt until it can", async () => {
  const { pay, transactor } = shop();
  let looks = 0;
  const blind = {
    run: () => Promise.reject(new Error("disk I/O error")),
    find: (key: string) => {
      looks += 1;
      return looks === 1 ? Promise.reject(new Error("disk I/O error")) : transactor.find(key);
    },
  };
  const tools = { pay: pay({ effect: transactional(blind) }, () => "paid") };
  const model = modelOf(payTurn, "Checking.", "It was not paid.");
  const { outcome, events } = await play(agentOf(model, { tools }));
  expect(eventsOf(events, "call.in_doubt")).toHaveLength(1);
  expect(eventsOf(events, "call.resolved")).toMatchObject([{ happened: false }]);
  expect(outcome).toMatchObject({ kind: "succeeded", text: "It was not paid." });
});
