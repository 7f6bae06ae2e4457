import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  bridle,
  errorOf,
  gated,
  jsonLines,
  lookThenPay,
  openGate,
  project,
  start,
  type Setting,
} from "./command.ts";

function paid(setting: Setting): readonly string[] {
  return readFileSync(join(setting.cwd, "paid.txt"), "utf8").split("\n").filter(Boolean);
}

async function onlyRun(setting: Setting): Promise<Record<string, unknown>> {
  const [row] = jsonLines((await bridle(setting, "runs", "--json")).stdout);
  return row ?? {};
}

describe("a process that is told to stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "on %s settles the effect in flight, exits 0, and loses nothing",
    async (signal) => {
      const setting = gated(await project(lookThenPay));
      const running = start(setting, "run", "--text", "W1");
      await running.saw("claimed as once");
      running.child.kill(signal);
      await running.saw("a second signal stops at once");
      openGate(setting);
      const ran = await running.ended;
      expect(ran).toMatchObject({ code: 0, stdout: "" });
      expect(ran.stderr).toContain('← t2c0  {"id":"pay_1"}');
      expect(ran.stderr).not.toContain("turn 3");
      const { runId, standing } = await onlyRun(setting);
      expect(standing).toBe("waiting");
      expect(ran.stderr).toContain(`bridle resume ${String(runId)}`);
      const resumed = await bridle(setting, "resume", String(runId));
      expect(resumed).toMatchObject({ code: 0, stdout: "Paid back.\n" });
      expect(paid(setting)).toHaveLength(1);
    },
  );

  test("exits at once with 130 when told twice", async () => {
    const setting = gated(await project(lookThenPay));
    const running = start(setting, "run", "--text", "W1");
    await running.saw("claimed as once");
    running.child.kill("SIGINT");
    await running.saw("a second signal stops at once");
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
  });
});

describe("a process that is killed", () => {
  test("leaves a run that resume takes at once, and the effect stays in doubt", async () => {
    const setting = gated(await project(lookThenPay));
    const running = start(setting, "run", "--text", "W1");
    await running.saw("claimed as once");
    running.child.kill("SIGKILL");
    expect((await running.ended).signal).toBe("SIGKILL");
    const shown = await bridle(setting, "show", "0");
    expect(shown.stdout).toContain("claimed t2c0 pay: its worker is gone and left no receipt");
    const { runId } = await onlyRun(setting);
    const began = Date.now();
    const resumed = await bridle(setting, "resume", String(runId), "--json");
    // The lease would have lasted ten seconds: the owner was known to be dead.
    expect(Date.now() - began).toBeLessThan(9_000);
    expect(resumed.code).toBe(3);
    const [summary] = jsonLines(resumed.stdout);
    expect(summary).toMatchObject({
      standing: "failed_recoverable",
      reason: { code: "effects_in_doubt" },
      inDoubt: [{ callId: "t2c0", tool: "pay" }],
    });
    expect(paid(setting)).toHaveLength(1);
  });

  test("leaves a doubt that parks the run until a person has spoken", async () => {
    const setting = await project(lookThenPay, { agent: 'inDoubt: "park",' });
    const running = start(gated(setting), "run", "--text", "W1");
    await running.saw("claimed as once");
    running.child.kill("SIGKILL");
    await running.ended;
    const parked = await bridle(setting, "resume", "0");
    expect(parked).toMatchObject({ code: 7, stdout: "" });
    expect(parked.stderr).toContain("t2c0  in doubt");
    expect(parked.stderr).toContain("--not-happened t2c0");
    // Nothing has changed: asking again parks again, and says so.
    expect((await bridle(setting, "resume", "0")).code).toBe(7);
    const wrong = await bridle(setting, "resume", "0", "--happened", "t2c9", "--json");
    expect(errorOf(wrong)).toMatchObject({ code: "input_invalid", hint: 'Did you mean "t2c0"?' });
    const notJson = await bridle(setting, "resume", "0", "--happened", "t2c0={id:1}", "--json");
    expect(errorOf(notJson)).toMatchObject({ code: "input_invalid" });
    const told = await bridle(
      setting,
      "resume",
      "0",
      "--happened",
      't2c0={"id":"pay_1"}',
      "--json",
    );
    expect(told.code).toBe(0);
    expect(jsonLines(told.stdout)[0]?.["receipts"]).toContainEqual(
      expect.objectContaining({ callId: "t2c0", via: "person", output: { id: "pay_1" } }),
    );
    expect(paid(setting)).toHaveLength(1);
  });

  test("leaves a doubt that, when it did not happen, is told to the model", async () => {
    const setting = await project(lookThenPay, { agent: 'inDoubt: "park",' });
    const running = start(gated(setting), "run", "--text", "W1");
    await running.saw("claimed as once");
    running.child.kill("SIGKILL");
    await running.ended;
    // Only a look at the other side could make it a doubt: no worker has looked yet.
    const early = await bridle(setting, "resume", "0", "--not-happened", "t2c0", "--json");
    expect(errorOf(early).hint).toContain("Its worker is gone");
    expect((await bridle(setting, "resume", "0")).code).toBe(7);
    const told = await bridle(setting, "resume", "0", "--not-happened", "t2c0");
    expect(told.code).toBe(0);
    expect(told.stderr).toContain("no longer in doubt, it did not happen (person)");
  });
});

describe("a run that runs", () => {
  test("is not resumed, is followed, takes a message, and is cancelled", async () => {
    const setting = gated(await project(lookThenPay));
    const running = start(setting, "run", "--text", "W1");
    await running.saw("claimed as once");
    const { runId, worker } = await onlyRun(setting);
    expect(worker).toContain(`process ${running.child.pid}`);
    const refused = await bridle(setting, "resume", String(runId), "--json");
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toMatchObject({
      code: "run_running",
      message: expect.stringContaining(`process ${running.child.pid}`),
    });
    const follower = start(setting, "show", String(runId), "--follow");
    await follower.saw("claimed as once");
    const shown = await bridle(setting, "show", String(runId));
    expect(shown.stdout).toContain("claimed t2c0 pay: under way");
    const steered = await bridle(setting, "steer", String(runId), "Be quick.", "--json");
    expect(jsonLines(steered.stdout)).toEqual([{ runId, posted: "steer", hasWorker: true }]);
    const cancelled = await bridle(setting, "cancel", String(runId), "--reason", "called off");
    expect(cancelled).toMatchObject({ code: 0, stderr: "" });
    openGate(setting);
    const ran = await running.ended;
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain("cancelled  called off");
    // What had begun was settled first.
    expect(ran.stderr).toContain('← t2c0  {"id":"pay_1"}');
    const followed = await follower.ended;
    expect(followed.code).toBe(0);
    expect(followed.stdout).toContain("cancelled  called off");
    const again = await bridle(setting, "cancel", String(runId), "--json");
    expect(errorOf(again)).toMatchObject({ code: "run_terminal" });
    const late = await bridle(setting, "resume", String(runId), "--json");
    expect(errorOf(late)).toMatchObject({ code: "run_terminal" });
  });

  test("is waited for by a second process that was given the same key", async () => {
    const setting = gated(await project(lookThenPay));
    const first = start(setting, "run", "--text", "W1", "--key", "k");
    await first.saw("claimed as once");
    const second = start(setting, "run", "--text", "W1", "--key", "k");
    await second.saw("claimed as once");
    openGate(setting);
    expect(await second.ended).toMatchObject({ code: 0, stdout: "Paid back.\n" });
    expect((await first.ended).code).toBe(0);
    expect(paid(setting)).toHaveLength(1);
  });
});
