import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { closedCircuit, type Circuit } from "../../src/journal/circuit.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, network, toolOf, worldOf } from "../orchestration/world.ts";
import { bridle, errorOf, folder, jsonLines } from "./command.ts";

const HOUR = 3_600_000;

/** A journal that knows these rows, the first one changed last. */
async function journal(rows: readonly Partial<Circuit>[]): Promise<string> {
  const cwd = folder();
  const store = sqlite(join(cwd, "bridle.db"));
  for (const [n, row] of rows.entries()) {
    const changedAt = 1_700_000_000_000 - n * 1_000;
    const won = await store.swapCircuit({ ...closedCircuit(`tool/t${n}`), changedAt, ...row }, 0);
    expect(won.won).toBe(true);
  }
  await store.close();
  return cwd;
}

function fourRows(now: number): readonly Partial<Circuit>[] {
  const reason = "connect ECONNREFUSED";
  return [
    { scope: "tool/pay", failures: 5, opens: 2, openUntil: now + HOUR, reason },
    { scope: "model/openai/gpt", restUntil: now + 2 * HOUR, reason: "slow\u001b[31m down" },
    { scope: "tool/mail", failures: 9, opens: 1, openUntil: now - 5, reason },
    { scope: "tool/look", failures: 1, reason },
  ];
}

describe("bridle breakers", () => {
  test("tells each one's standing as JSON lines, newest change first", async () => {
    const now = Date.now();
    const cwd = await journal(fourRows(now));
    const ran = await bridle({ cwd }, "breakers", "--json");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const rows = jsonLines(ran.stdout);
    expect(rows.map(({ scope, state, until }) => [scope, state, until])).toEqual([
      ["tool/pay", "open", now + HOUR],
      ["model/openai/gpt", "resting", now + 2 * HOUR],
      ["tool/mail", "half-open", null],
      ["tool/look", "closed", null],
    ]);
    expect(Object.keys(rows[0] ?? {}).toSorted()).toEqual([
      "changedAt",
      "failures",
      "opens",
      "reason",
      "scope",
      "state",
      "until",
    ]);
  });

  test("prints a table in which no reason drives the terminal", async () => {
    const cwd = await journal(fourRows(Date.now()));
    const { stdout, code } = await bridle({ cwd }, "breakers", "--store", "bridle.db");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^SCOPE +STATE +FAILURES +OPENS +UNTIL +CHANGED +REASON$/);
    expect(lines[1]).toMatch(/^tool\/pay +open +5 +2 +20\d\d-.+ UTC +2023-11-14 .+ECONNREFUSED$/);
    expect(lines[3]).toMatch(/^tool\/mail +half-open +9 +1 +- /);
    expect(stdout).not.toContain("\u001b");
  });

  test("says so when nothing has failed", async () => {
    const cwd = await journal([]);
    const ran = await bridle({ cwd }, "breakers");
    expect(ran).toMatchObject({ code: 0, stdout: "" });
    expect(ran.stderr).toContain("no model and no tool has failed yet");
  });

  test("shows times that no calendar has without breaking", async () => {
    const cwd = await journal([{ scope: "tool/pay" }]);
    const db = new DatabaseSync(join(cwd, "bridle.db"));
    const body = '{"openUntil":1e300,"restUntil":"x","failures":-4,"probe":[],"reason":7}';
    db.prepare("UPDATE circuits SET body = ?").run(body);
    db.close();
    const ran = await bridle({ cwd }, "breakers");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/tool\/pay +open +0 +0 +never/);
  });

  test("--close lets the tool be used again at once, by a process that runs already", async () => {
    const cwd = await journal([
      {
        scope: "tool/pay",
        failures: 5,
        opens: 1,
        openUntil: Date.now() + HOUR,
        changedAt: Date.now(),
      },
    ]);
    let isUp = false;
    let hits = 0;
    const pay = toolOf({
      retry: { retriesMax: 0 },
      breaker: { openMs: 600_000 },
      execute: () => {
        hits += 1;
        if (!isUp) throw network("ECONNREFUSED");
        return "paid";
      },
    });
    const model = modelOf({ calls: [{ tool: "pay" }] }, "Done.");
    const store = sqlite(join(cwd, "bridle.db"));
    const { harness: made } = await worldOf(agentOf(model, { tools: { pay } }), { store });
    await (await made.start("worker", { input: 1 })).outcome();
    expect(hits).toBe(0);
    isUp = true;
    const closed = await bridle({ cwd }, "breakers", "--close", "tool/pay");
    expect(closed).toMatchObject({ code: 0, stdout: "tool/pay is closed; it was open\n" });
    const [row] = jsonLines((await bridle({ cwd }, "breakers", "--json")).stdout);
    expect(row).toMatchObject({ state: "closed", failures: 0, opens: 0, until: null });
    await (await made.start("worker", { input: 2 })).outcome();
    expect(hits).toBe(1);
    const again = await bridle({ cwd }, "breakers", "--close", "tool/pay", "--json");
    expect(jsonLines(again.stdout)).toMatchObject([{ scope: "tool/pay", state: "closed" }]);
  });

  test("--close of one that nobody knows names the near ones", async () => {
    const cwd = await journal([{ scope: "tool/pay" }]);
    const ran = await bridle({ cwd }, "breakers", "--close", "tool/pai", "--json");
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatchObject({
      code: "breaker_unknown",
      hint: 'Did you mean "tool/pay"?',
    });
  });
});
