import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bridle, errorOf, jsonLines, lookThenPay, project, start } from "./command.ts";

describe("bridle run", () => {
  test("tells the story on stderr, the last words on stdout, and exits 0", async () => {
    const setting = await project(lookThenPay);
    const ran = await bridle(setting, "run", "desk", "--text", "Refund W1");
    expect(ran).toMatchObject({ code: 0, stdout: "Paid back.\n" });
    expect(ran.stderr).toContain('input   "Refund W1"');
    expect(ran.stderr).toContain("says  I look first.");
    expect(ran.stderr).toContain('→ t1c0  look {"order":"W1"}');
    expect(ran.stderr).toContain("t2c0  claimed as once");
    expect(ran.stderr).toContain('receipt {"id":"pay_1"}');
    expect(ran.stderr).toContain("succeeded  The model finished.");
    expect(ran.stderr).toContain("the model is simulated");
    expect(readFileSync(join(setting.cwd, "paid.txt"), "utf8").split("\n")).toHaveLength(2);
  });

  test("prints one object under --json, with receipts and an unknown cost as null", async () => {
    const setting = await project(lookThenPay);
    const ran = await bridle(setting, "run", "--input", '{"order":"W1"}', "--json");
    expect(ran.code).toBe(0);
    const [summary, ...more] = jsonLines(ran.stdout);
    expect(more).toEqual([]);
    expect(summary).toMatchObject({
      agent: "desk",
      standing: "succeeded",
      text: "Paid back.",
      input: { order: "W1" },
      turns: 3,
      calls: 2,
      costUsd: null,
      inDoubt: [],
    });
    expect(summary?.["receipts"]).toHaveLength(2);
    expect(summary?.["costUnknownFor"]).toHaveLength(1);
  });

  test("prices a run when the config states the price", async () => {
    const price = "{ inputUsd: 1_000_000, outputUsd: 0 }";
    const setting = await project([{ text: "Hi." }], {
      config: `prices: { "openai-compatible.chat/simulated/scripted": ${price} }`,
    });
    const ran = await bridle(setting, "run", "--text", "Hello", "--json");
    const [summary] = jsonLines(ran.stdout);
    expect(summary?.["costUnknownFor"]).toEqual([]);
    const usage = summary?.["usage"] as { inputTokens: number };
    expect(summary?.["costUsd"]).toBe(usage.inputTokens);
  });

  test("takes the work from a file and from stdin", async () => {
    const setting = await project([{ text: "Done." }]);
    writeFileSync(join(setting.cwd, "ticket.json"), '{"ticket":17}');
    const fromFile = await bridle(setting, "run", "--input", "@ticket.json", "--json");
    expect(jsonLines(fromFile.stdout)[0]?.["input"]).toEqual({ ticket: 17 });
    const piped = { ...setting, stdin: '["a"]' };
    const fromStdin = await bridle(piped, "run", "--input", "-", "--json");
    expect(jsonLines(fromStdin.stdout)[0]?.["input"]).toEqual(["a"]);
  });

  test("gives the same run for the same key and refuses other work under it", async () => {
    const setting = await project(lookThenPay);
    const first = await bridle(setting, "run", "--text", "W1", "--key", "k1", "--json");
    const again = await bridle(setting, "run", "--text", "W1", "--key", "k1", "--json");
    expect(again.code).toBe(0);
    const [one, two] = [first, again].map((ran) => jsonLines(ran.stdout)[0]?.["runId"]);
    expect(one).toBeTypeOf("string");
    expect(two).toBe(one);
    expect(readFileSync(join(setting.cwd, "paid.txt"), "utf8").split("\n")).toHaveLength(2);
    const other = await bridle(setting, "run", "--text", "W2", "--key", "k1", "--json");
    expect(other.code).toBe(1);
    expect(errorOf(other)).toMatchObject({ code: "idempotency_mismatch" });
  });

  test("says by its exit code how the run ended", async () => {
    const limited = await project(lookThenPay, { agent: "limits: { turnsMax: 1 }," });
    const recoverable = await bridle(limited, "run", "--text", "W1");
    expect(recoverable.code).toBe(3);
    expect(recoverable.stderr).toContain("failed_recoverable  The limit of 1 turns was reached.");
    const late = await project(lookThenPay, { agent: "limits: { wallMs: 1 }," });
    expect((await bridle(late, "run", "--text", "W1")).code).toBe(6);
  });

  test("only accepts the work with --detach, and resume does it", async () => {
    const setting = await project(lookThenPay);
    const ran = await bridle(setting, "run", "--text", "W1", "--detach");
    expect(ran.code).toBe(0);
    const runId = ran.stdout.trim();
    const [row] = jsonLines((await bridle(setting, "runs", "--json")).stdout);
    expect(row).toMatchObject({ runId, standing: "waiting", events: 1 });
    const resumed = await bridle(setting, "resume", runId);
    expect(resumed).toMatchObject({ code: 0, stdout: "Paid back.\n" });
  });

  test("leaves other unfinished runs alone", async () => {
    const setting = await project([{ text: "Done." }]);
    const left = (await bridle(setting, "run", "--text", "one", "--detach")).stdout.trim();
    expect((await bridle(setting, "run", "--text", "two")).code).toBe(0);
    const rows = jsonLines((await bridle(setting, "runs", "--json")).stdout);
    expect(rows.find((row) => row["runId"] === left)).toMatchObject({ standing: "waiting" });
  });

  test("never prints the value of a secret variable", async () => {
    const setting = await project(lookThenPay);
    const secret = "sk-test-0123456789abcdef";
    const env = { ...setting.env, PAYMENTS_API_KEY: secret, ECHO: `leak ${secret}` };
    const ran = await bridle({ ...setting, env }, "run", "--text", `W1 ${secret}`);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("leak [PAYMENTS_API_KEY]");
    expect(ran.stdout + ran.stderr).not.toContain(secret);
    const shown = await bridle({ ...setting, env }, "show", "0", "--json");
    expect(shown.stdout).toContain("[PAYMENTS_API_KEY]");
    expect(shown.stdout).not.toContain(secret);
  });
});

test("what a tool throws beside every promise ends the command, and keeps the run", async () => {
  const stray =
    "() => { setTimeout(() => { throw new Error('stray'); }); return new Promise(() => {}); }";
  const tools = `tools: { look: { inputSchema: {}, effect: read(), execute: ${stray} } },`;
  const setting = await project(lookThenPay, { agent: tools });
  const ran = await bridle(setting, "run", "--text", "W1");
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toContain("error: stray");
  expect(ran.stderr).not.toContain("    at ");
  const [row] = jsonLines((await bridle(setting, "runs", "--json")).stdout);
  expect(row).toMatchObject({ standing: "waiting" });
});

test("work goes on when nobody watches it any more", async () => {
  const setting = await project(lookThenPay);
  const watched = start(setting, "run", "--text", "W1");
  watched.child.stderr?.destroy();
  watched.child.stdout?.destroy();
  expect((await watched.ended).code).toBe(0);
  expect(readFileSync(join(setting.cwd, "paid.txt"), "utf8").split("\n")).toHaveLength(2);
  const limited = await project(lookThenPay, { agent: "limits: { turnsMax: 1 }," });
  const failing = start(limited, "run", "--text", "W1", "--json");
  failing.child.stderr?.destroy();
  failing.child.stdout?.destroy();
  expect((await failing.ended).code).toBe(3);
});

test("a provider that is installed in the project alone is found", async () => {
  const setting = await project([], { agent: 'model: "fake/m-1",' });
  const home = join(setting.cwd, "node_modules/@ai-sdk/fake");
  mkdirSync(home, { recursive: true });
  const manifest = { name: "@ai-sdk/fake", type: "module", exports: "./index.js" };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
  writeFileSync(
    join(home, "index.js"),
    `const languageModel = (modelId) => ({
      specificationVersion: "v4", provider: "fake", modelId, supportedUrls: {},
      doGenerate: async () => ({ content: [{ type: "text", text: "from " + modelId }],
        finishReason: { unified: "stop" }, usage: {}, warnings: [] }),
    });
    export const fake = Object.assign((id) => languageModel(id), { languageModel });`,
  );
  const ran = await bridle(setting, "run", "--text", "hello");
  expect(ran).toMatchObject({ code: 0, stdout: "from m-1\n" });
  expect(ran.stderr).toContain("unknown tokens in");
});

describe("bridle run refuses with the next step", () => {
  test("an agent that does not exist, and suggests the near one", async () => {
    const setting = await project(lookThenPay);
    const ran = await bridle(setting, "run", "dsek", "--text", "W1");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toBe('error: There is no agent "dsek"\nhint: Did you mean "desk"?\n');
  });

  test.each([
    [["run"], "usage", "There is no work"],
    [["run", "--text", "a", "--input", "1"], "usage", "not both"],
    [["run", "--input", "{order: 1}"], "input_invalid", "--input is not JSON"],
    [["run", "--input", "@nowhere.json"], "input_invalid", "nowhere.json could not be read"],
    [["run", "--text", "a", "--store", "none/b.db"], "store_unreadable", "does not exist"],
  ])("%j", async (args, code, message) => {
    const setting = await project(lookThenPay);
    const ran = await bridle(setting, ...args, "--json");
    expect(ran.code).toBe(code === "usage" ? 2 : 1);
    expect(ran.stdout).toBe("");
    const error = errorOf(ran);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(error.hint ?? "").not.toBe("");
  });

  test("input that does not fit the agent's schema, and creates no run", async () => {
    const setting = await project(lookThenPay, {
      agent: 'inputSchema: { type: "object", required: ["order"] },',
    });
    const ran = await bridle(setting, "run", "--input", "{}", "--json");
    expect(errorOf(ran)).toMatchObject({
      code: "input_invalid",
      hint: expect.stringContaining("must have required property 'order'"),
    });
    expect((await bridle(setting, "runs", "--json")).stdout).toBe("");
  });

  test("an input over the limit", async () => {
    const setting = await project(lookThenPay);
    writeFileSync(join(setting.cwd, "big.json"), JSON.stringify("x".repeat(5_000_000)));
    const ran = await bridle(setting, "run", "--input", "@big.json", "--json");
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatchObject({ code: "input_too_large" });
  });

  test("a key that is missing, by the name of its variable", async () => {
    const model = '{ baseURL: "http://127.0.0.1:9/v1", modelId: "m", apiKeyEnv: "DESK_API_KEY" }';
    const setting = await project(lookThenPay, { agent: `model: ${model},` });
    const ran = await bridle(setting, "run", "--text", "W1", "--json");
    expect(errorOf(ran)).toMatchObject({
      code: "model_key_missing",
      hint: expect.stringContaining("DESK_API_KEY"),
    });
  });

  test.each([
    ['"gpt-5"', "does not name a model"],
    ['"opnai/gpt-5.2"', 'Did you mean "openai/gpt-5.2"'],
    ['"nobody-knows-me/m"', "npm install @ai-sdk/nobody-knows-me"],
    ["{}", "not a language model"],
  ])("the model %s", async (model, words) => {
    const setting = await project(lookThenPay, { agent: `model: ${model} as any,` });
    const error = errorOf(await bridle(setting, "run", "--text", "W1", "--json"));
    expect(error.code).toBe("model_unknown");
    expect(`${error.message} ${error.hint}`).toContain(words);
  });
});
