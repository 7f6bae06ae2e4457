import { fork } from "node:child_process";
import { once as onceEvent } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DecisionPoint } from "../../src/governance/door.ts";
import type { HarnessOptions, JournalStore, Run } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { approvedDesk, paidUnder } from "./approved-desk.ts";
import { questionOf } from "./asking.ts";
import { eventsOf, wholeJournal, worldOf } from "./world.ts";

/** Kills a process with SIGKILL around the commit of a yes. The id of the run it leaves. */
async function killAt(path: string, point: string, effect: string): Promise<string> {
  const script = join(import.meta.dirname, "approving-victim.ts");
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child = fork(script, [path, point, effect], { stdio: [...stdio] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let runId = "";
  child.on("message", (message) => (runId = typeof message === "string" ? message : ""));
  const [, signal] = await onceEvent(child, "exit");
  expect(signal).toBe("SIGKILL");
  return runId;
}

interface Resumed {
  readonly path: string;
  readonly run: Run;
  readonly store: JournalStore;
}

async function resume(
  point: "before" | "after",
  options: Partial<HarnessOptions> = {},
  effect: "once" | "idempotent" = "once",
): Promise<Resumed> {
  const path = mkdtempSync(join(tmpdir(), "bridle-approved-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const runId = await killAt(path, point, effect);
  expect(paidUnder(path)).toEqual([]);
  const store = sqlite(join(path, "journal.db"));
  onTestFinished(() => store.close());
  const { agent, governance } = approvedDesk(path, effect);
  const { harness } = await worldOf(agent, { ...governance, store, ...options });
  return { path, store, run: await harness.run(runId) };
}

const deny: DecisionPoint = () => ({ kind: "deny", rules: ["stop"], reason: "stopped by now" });

describe("D1, D5: a process killed between a yes and what it allows", () => {
  for (const point of ["before", "after"] as const) {
    test(`(${point} the claim) leaves a call that runs exactly once`, async () => {
      const { path, run, store } = await resume(point);
      expect((await run.outcome()).kind).toBe("succeeded");
      expect(paidUnder(path)).toEqual([`${run.runId}-t1c0`]);
      const events = await wholeJournal(store, run.runId);
      expect(eventsOf(events, "approval.requested")).toHaveLength(1);
      expect(eventsOf(events, "call.claimed")).toHaveLength(point === "after" ? 2 : 1);
    });

    test(`(${point} the claim) leaves a call that a rule may forbid by now`, async () => {
      const { path, run } = await resume(point, { decide: deny });
      expect((await run.outcome()).kind).toBe("succeeded");
      expect(paidUnder(path)).toEqual([]);
      expect(JSON.stringify(await run.events())).toContain("Denied: stopped by now");
    });
  }

  test("an idempotent call is not run again under a rule that forbids it: it is in doubt", async () => {
    const { path, run } = await resume("after", { decide: deny }, "idempotent");
    const outcome = await run.outcome();
    expect(outcome.reason.code).toBe("effects_in_doubt");
    expect(outcome.inDoubt[0]?.why).toContain("stopped by now");
    expect(paidUnder(path)).toEqual([]);
  });

  test("an idempotent call that a person approved runs under the same key", async () => {
    const { path, run } = await resume("after", {}, "idempotent");
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(paidUnder(path)).toEqual([`${run.runId}-t1c0`]);
  });

  test("a call that is proven not to have happened is not run in a cancelled run", async () => {
    const { path, run } = await resume("after", { work: false });
    await run.cancel();
    const { agent, governance } = approvedDesk(path);
    const store = sqlite(join(path, "journal.db"));
    onTestFinished(() => store.close());
    const next = await worldOf(agent, { ...governance, store });
    expect((await (await next.harness.run(run.runId)).outcome()).kind).toBe("cancelled");
    expect(paidUnder(path)).toEqual([]);
  });

  test("a yes of somebody who was struck from the list since does not count", async () => {
    const { path, run } = await resume("after", { people: [{ id: "bob" }] });
    expect((await run.outcome()).kind).toBe("succeeded");
    expect(paidUnder(path)).toEqual([]);
    expect(JSON.stringify(await run.events())).toContain("Who may approve has changed");
  });

  test("a question that nobody has answered is still there, and nothing was done", async () => {
    const { path, run } = await resume("before", { people: [{ id: "bob" }] });
    // The dead process's yes is judged by today's list.
    expect((await questionOf(run)).votes).toEqual([]);
    expect(paidUnder(path)).toEqual([]);
  });
});
