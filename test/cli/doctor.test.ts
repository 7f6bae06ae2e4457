import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { bridle, folder, jsonLines, lookThenPay, project, type Setting } from "./command.ts";

interface Finding {
  readonly kind: string;
  readonly about: string;
  readonly message: string;
  readonly hint?: string;
}

async function examine(setting: Setting, ...args: readonly string[]) {
  const ran = await bridle(setting, "doctor", "--json", ...args);
  const report: unknown = jsonLines(ran.stdout)[0];
  const { ok, findings } = report as { ok: boolean; findings: readonly Finding[] };
  const find = (about: string): Finding | undefined =>
    findings.find((finding) => finding.about === about);
  return { code: ran.code, ok, findings, find };
}

test("a sound project is said to be sound, with what is undeclared", async () => {
  const setting = await project(lookThenPay);
  await bridle(setting, "run", "--text", "W1");
  const { code, ok, find, findings } = await examine(setting);
  expect({ code, ok }).toEqual({ code: 0, ok: true });
  for (const about of ["node", "sqlite", "config", "store", "synchronous", "lock", "integrity"]) {
    expect(find(about)?.kind).toBe("ok");
  }
  expect(find("synchronous")?.message).toContain("FULL");
  expect(find("integrity")?.message).toMatch(/^1 run, \d+ events/);
  expect(find("tool desk.look")).toMatchObject({ kind: "ok", message: "read" });
  expect(find("tool desk.pay")).toMatchObject({
    kind: "note",
    message: expect.stringContaining("once without reconcile"),
  });
  expect(find("tool desk.send")).toMatchObject({
    kind: "note",
    message: expect.stringContaining("declares no effect"),
  });
  const notes = findings.filter(({ kind }) => kind === "note").map(({ message }) => message);
  for (const words of ["no limits", "no inputSchema", "no description", "no decision point"]) {
    expect(notes.some((note) => note.includes(words))).toBe(true);
  }
  const text = await bridle(setting, "doctor");
  expect(text.code).toBe(0);
  expect(text.stdout).toContain("0 broken, ");
});

test("a declared project has nothing undeclared", async () => {
  const setting = await project(lookThenPay, {
    agent: `limits: { turnsMax: 5 }, inputSchema: { type: "object" }, tools: { look },
      obligations: () => [], budget: { outputTokens: 1_000 },`,
    config: 'decide: () => ({ kind: "allow", rules: [] }),',
  });
  const { findings } = await examine(setting);
  const notes = findings.filter(({ kind }) => kind === "note");
  expect(notes.map(({ about }) => about)).toEqual(["store"]);
});

test("tools that ask of nobody, and votes without a seal, are told", async () => {
  const agent = "tools: { pay: { ...pay, approval: { quorum: 2 } } },";
  const nobody = await examine(await project(lookThenPay, { agent }));
  expect(nobody.find("people")?.message).toContain("nobody may give it");
  const people = 'people: [{ id: "ann" }],';
  const unsealed = await examine(await project(lookThenPay, { agent, config: people }));
  expect(unsealed.find("people")?.message).toContain("votes carry no seal");
  const config = `${people} sealSecret: "${"s".repeat(32)}",`;
  const sealed = await examine(await project(lookThenPay, { agent, config }));
  expect(sealed.find("people")).toBeUndefined();
});

test("a broken tool and a missing key are both found, and the exit code says so", async () => {
  const setting = await project([], {
    agent: `model: { baseURL: "http://127.0.0.1:9/v1", modelId: "m", apiKeyEnv: "DESK_API_KEY" },
      tools: { look, bad: { inputSchema: { type: "objekt" }, execute: () => 1 } },`,
  });
  const { code, ok, find } = await examine(setting);
  expect({ code, ok }).toEqual({ code: 1, ok: false });
  expect(find("model desk")).toMatchObject({
    kind: "problem",
    hint: expect.stringContaining("DESK_API_KEY"),
  });
  expect(find("tool desk.bad")?.kind).toBe("problem");
  expect(find("tool desk.look")?.kind).toBe("ok");
});

test("a config that throws does not keep the journal from being examined", async () => {
  const setting = await project([{ text: "Hi." }]);
  await bridle(setting, "run", "--text", "1", "--detach");
  writeFileSync(join(setting.cwd, "bridle.config.ts"), "throw new Error('no rates');");
  const { code, find } = await examine(setting);
  expect(code).toBe(1);
  expect(find("config")).toMatchObject({
    kind: "problem",
    message: expect.stringContaining("no rates"),
  });
  expect(find("integrity")?.kind).toBe("ok");
  expect(find("runs")?.message).toBe("0 running, 1 waiting, 0 parked");
});

test("a changed event is found by its chain", async () => {
  const setting = await project(lookThenPay);
  await bridle(setting, "run", "--text", "W1");
  const db = new DatabaseSync(join(setting.cwd, "bridle.db"));
  const { changes } = db
    .prepare("UPDATE events SET body = replace(body, 'W1', 'W9') WHERE body LIKE '%W1%'")
    .run();
  db.close();
  expect(Number(changes)).toBeGreaterThan(0);
  const { code, find } = await examine(setting);
  expect(code).toBe(1);
  expect(find("integrity")).toMatchObject({
    kind: "problem",
    message: expect.stringContaining("the chain breaks at event 1"),
  });
});

test("a journal that the config opened itself is examined too", async () => {
  const door = new URL("../../src/storage/sqlite/door.ts", import.meta.url).href;
  const setting = await project([{ text: "Hi." }], {
    config: `store: (await import("${door}")).sqlite("./own.db", { synchronous: "normal" }),`,
  });
  expect((await bridle(setting, "run", "--text", "1")).code).toBe(0);
  const { code, find } = await examine(setting);
  expect(code).toBe(0);
  expect(find("store")?.message).toContain("own.db");
  expect(find("synchronous")?.message).toContain("NORMAL");
  expect(find("integrity")?.message).toContain("1 run,");
});

test("a journal alone is examined without a config", async () => {
  const setting = await project([{ text: "Hi." }]);
  await bridle(setting, "run", "--text", "1");
  const file = join(setting.cwd, "bridle.db");
  const { code, find } = await examine({ cwd: folder() }, "--store", file);
  expect(code).toBe(0);
  expect(find("integrity")?.message).toContain("1 run,");
  expect(find("config")).toBeUndefined();
});
