import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { budget, granted, rate, settle, slot } from "../../src/testing/sample-ledger.ts";
import { startRun } from "../../src/testing/sample-run.ts";
import { bridle, folder, jsonLines } from "./command.ts";

/** A journal in which two users of two organisations have spent something. */
async function journal(): Promise<string> {
  const cwd = folder();
  const store = sqlite(join(cwd, "bridle.db"));
  const pen = await startRun(store, "r1");
  const cents = budget(1_250_000, null);
  await granted(store, "a", [cents, { ...cents, scope: "org/acme/ann" }, slot(2), rate(1)]);
  await granted(store, "b", [{ ...cents, scope: "org/acme2", amount: 7 }]);
  await settle(store, pen, [{ key: "a", actual: [900_000, 800_000] }]);
  await granted(store, "c", [{ ...cents, amount: 50 }, slot(2)]);
  await store.close();
  return cwd;
}

describe("bridle budget", () => {
  test("prints what is spent and held, by scope and unit", async () => {
    const cwd = await journal();
    const ran = await bridle({ cwd }, "budget");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout.trimEnd().split("\n")).toEqual([
      "SCOPE         UNIT        SPENT  HELD",
      "org/acme      usdMicros  900000    50",
      "org/acme/ann  usdMicros  800000     0",
      "org/acme2     usdMicros       0     7",
      "tool/pay      slots           0     1",
    ]);
  });

  test("takes a scope and what lies below it, as JSON lines", async () => {
    const cwd = await journal();
    const ran = await bridle({ cwd }, "budget", "--scope", "org/acme", "--json");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(jsonLines(ran.stdout)).toEqual([
      { scope: "org/acme", unit: "usdMicros", spent: 900_000, held: 50 },
      { scope: "org/acme/ann", unit: "usdMicros", spent: 800_000, held: 0 },
    ]);
  });

  test("says when a list was cut, and when there is none", async () => {
    const cwd = await journal();
    const cut = await bridle({ cwd }, "budget", "--limit", "2", "--json");
    expect(jsonLines(cut.stdout)).toHaveLength(2);
    expect(cut.stderr).toContain("--scope");
    const none = await bridle({ cwd }, "budget", "--scope", "org/ac");
    expect(none).toMatchObject({ code: 0, stdout: "" });
    expect(none.stderr).toContain("nothing of org/ac or below it was ever reserved");
  });
});
