import { describe, expect, test } from "vitest";
import { bridle, errorOf, jsonLines, lookThenPay, project } from "./command.ts";

describe("bridle show", () => {
  test("tells a run from its input to its outcome", async () => {
    const setting = await project([
      { call: { name: "lok", arguments: {} } },
      {
        calls: [
          { name: "look", argumentsText: "{oops" },
          { name: "look", arguments: { order: "W1" } },
        ],
      },
      { text: "All looked at." },
    ]);
    await bridle(setting, "run", "--text", "W1", "--principal", "ann", "--tenant", "acme");
    const { code, stdout, stderr } = await bridle(setting, "show", "0");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const told = [
      /^run [0-9a-z]{26}$/m,
      /^agent {3}desk$/m,
      /^started .* UTC, by ann of acme$/m,
      /^input {3}"W1"$/m,
      /× t1c0 {2}refused, unknown_tool: .*Did you mean "look"/,
      /→ t2c0 {2}look not JSON: \{oops/,
      /× t2c0 {2}refused, malformed/,
      /← t2c1 {2}\{"cents":500,"order":"W1".*\(read, /,
      /^succeeded {2}The model finished\.$/m,
      /^used {4}3 turns, 3 calls, .*cost unknown \(no price for /m,
    ];
    for (const line of told) expect(stdout).toMatch(line);
    const places = told.map((line) => stdout.search(line));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("prints one object, every event, or the events one per line", async () => {
    const setting = await project(lookThenPay);
    await bridle(setting, "run", "--text", "W1");
    const [whole, ...rest] = jsonLines((await bridle(setting, "show", "0", "--json")).stdout);
    expect(rest).toEqual([]);
    expect(whole).toMatchObject({ agent: "desk", standing: "succeeded", turns: 3 });
    const events = whole?.["events"];
    const lines = jsonLines((await bridle(setting, "show", "0", "--events", "--json")).stdout);
    expect(lines).toEqual(events);
    expect(lines.map((event) => event["seq"])).toEqual(lines.map((_event, index) => index + 1));
    const followed = await bridle(setting, "show", "0", "--follow", "--json");
    expect(jsonLines(followed.stdout)).toEqual(lines);
    const text = (await bridle(setting, "show", "0", "--events")).stdout.trim().split("\n");
    expect(text).toHaveLength(lines.length);
    expect(text.at(-1)).toContain("run.finished");
  });

  test("cuts long values short and keeps them with --full", async () => {
    const long = "y".repeat(3_000);
    const setting = await project([{ text: long }]);
    await bridle(setting, "run", "--text", "W1");
    expect((await bridle(setting, "show", "0")).stdout).toContain("y… (3000 characters)");
    expect((await bridle(setting, "show", "0", "--full")).stdout).toContain(long);
  });

  test("does not let a model's words drive the terminal", async () => {
    const setting = await project([{ text: "safe \u001b[2J\u009b31m\u202ereversed" }]);
    await bridle(setting, "run", "--text", "W1");
    const { stdout } = await bridle(setting, "show", "0");
    expect(stdout).toContain("safe \\u001b[2J\\u009b31m\\u202ereversed");
  });

  test("needs the journal alone: no config, no key, no agent", async () => {
    const setting = await project(lookThenPay);
    await bridle(setting, "run", "--text", "W1");
    const store = `${setting.cwd}/bridle.db`;
    const ran = await bridle({ cwd: "/" }, "show", "0", "--store", store);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("succeeded  The model finished.");
    const keyless = await bridle({ cwd: setting.cwd }, "runs", "--json");
    expect(jsonLines(keyless.stdout)).toHaveLength(1);
  });
});

describe("a run is found by a part of its id", () => {
  test("by its end, by its beginning when that is enough, else the candidates are named", async () => {
    const setting = await project([{ text: "Hi." }]);
    const one = (await bridle(setting, "run", "--text", "1", "--detach")).stdout.trim();
    const two = (await bridle(setting, "run", "--text", "2", "--detach")).stdout.trim();
    const byEnd = await bridle(setting, "show", one.slice(-8).toUpperCase(), "--json");
    expect(jsonLines(byEnd.stdout)[0]).toMatchObject({ runId: one });
    const both = await bridle(setting, "show", one.slice(0, 3), "--json");
    expect(both.code).toBe(1);
    const { code, hint } = errorOf(both);
    expect(code).toBe("run_ambiguous");
    expect(hint).toContain(one);
    expect(hint).toContain(two);
  });

  test("an unknown id is answered with the near ones", async () => {
    const setting = await project([{ text: "Hi." }]);
    const runId = (await bridle(setting, "run", "--text", "1", "--detach")).stdout.trim();
    const misspelt = `${runId.slice(0, 12)}xx${runId.slice(14)}`;
    for (const command of ["show", "resume", "cancel"]) {
      const error = errorOf(await bridle(setting, command, misspelt, "--json"));
      expect(error.code).toBe("run_unknown");
      expect(error.hint).toContain(`Did you mean "${runId}"`);
    }
    const empty = await bridle(setting, "show", "", "--json");
    expect(errorOf(empty)).toMatchObject({ code: "run_unknown" });
  });

  test("in an empty journal the first step is named", async () => {
    const setting = await project([], { agent: "limits: { turnsMax: 0 }," });
    await bridle(setting, "run", "--text", "1");
    const { hint } = errorOf(await bridle(setting, "show", "abc", "--json"));
    expect(hint).toContain("bridle run");
  });
});

test("a message for a run that nobody works on says when it takes effect", async () => {
  const setting = await project([{ text: "Hi." }]);
  const runId = (await bridle(setting, "run", "--text", "1", "--detach")).stdout.trim();
  const steered = await bridle(setting, "steer", runId, "Say it in French.");
  expect(steered.code).toBe(0);
  expect(steered.stderr).toContain(`bridle resume ${runId}`);
  const cancelled = await bridle(setting, "cancel", runId, "--reason", "no need", "--json");
  expect(jsonLines(cancelled.stdout)).toEqual([{ runId, posted: "cancel", hasWorker: false }]);
  const resumed = await bridle(setting, "resume", runId);
  expect(resumed.code).toBe(5);
  expect(resumed.stderr).toContain("person  Say it in French.");
  expect(resumed.stderr).toContain("cancelled  no need");
});
