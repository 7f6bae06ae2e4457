import { fork, type ChildProcess } from "node:child_process";
import { once as onceEvent } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import type { JournalStore } from "../../src/index.ts";
import { victimOf } from "./victim-agent.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  network,
  sleep,
  until,
  wholeJournal,
  worldOf,
} from "./world.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "bridle-recovery-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(path: string): JournalStore {
  const store = sqlite(join(path, "journal.db"));
  onTestFinished(() => store.close());
  return store;
}

interface Victim {
  readonly runId: string;
  readonly child: ChildProcess;
}

/** Starts a run in a process of its own and kills it with SIGKILL inside the tool. */
async function killInside(path: string, effect: string): Promise<Victim> {
  const script = join(import.meta.dirname, "victim.ts");
  const child = fork(script, [path, effect], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const [runId] = await new Promise<[string, string]>((resolve) => {
    let started = "";
    child.on("message", (message) => {
      const text = typeof message === "string" ? message : "";
      if (text.startsWith("run ")) started = text.slice(4);
      if (text === "inside") resolve([started, text]);
    });
  });
  child.kill("SIGKILL");
  await onceEvent(child, "exit");
  return { runId, child };
}

/** What the tool wrote down, one line per run of it: its key and process. */
function ledger(path: string): string[] {
  return readFileSync(join(path, "ledger"), "utf8").trim().split("\n");
}

describe("A3: a run whose process was killed inside an effect", () => {
  const cases = [
    ["idempotent", "succeeded", 2],
    ["once-found", "succeeded", 1],
    ["once-missing", "succeeded", 2],
    ["once", "failed_recoverable", 1],
    ["transactional", "succeeded", 2],
    ["read", "succeeded", 2],
  ] as const;
  for (const [effect, kind, runs] of cases) {
    // Three tries: a machine that runs other tests may be late once, a slow takeover always is.
    test(`(${effect}) is taken up in under a second and ends ${kind}`, { retry: 2 }, async () => {
      const path = folder();
      const { runId } = await killInside(path, effect);
      const store = open(path);
      const started = Date.now();
      const { harness, problems } = await worldOf(
        victimOf(path, effect, () => undefined),
        {
          store,
        },
      );
      const outcome = await (await harness.run(runId)).outcome();
      expect(Date.now() - started).toBeLessThan(1_000);
      expect(outcome.kind).toBe(kind);
      const lines = ledger(path);
      expect(lines).toHaveLength(runs);
      // Every run of the tool was handed the same key.
      expect(new Set(lines)).toEqual(new Set([`${runId}-t1c0`]));
      expect(outcome.inDoubt).toHaveLength(kind === "succeeded" ? 0 : 1);
      expect(problems).toEqual([]);
      const events = await wholeJournal(store, runId);
      expect(eventsOf(events, "run.leased")).toHaveLength(1);
      // The model is asked for each turn once: its answer was durable.
      expect(eventsOf(events, "model.answered").map((event) => event.turn)).toEqual([1, 2]);
    });
  }
});

describe("a run that was claimed under what the agent no longer is", () => {
  test("is in doubt when the tool is gone", async () => {
    const path = folder();
    const { runId } = await killInside(path, "idempotent");
    const { harness } = await worldOf(agentOf(modelOf("?", "Done."), { name: "victim" }), {
      store: open(path),
    });
    const outcome = await (await harness.run(runId)).outcome();
    expect(outcome.reason.code).toBe("effects_in_doubt");
    expect(outcome.inDoubt[0]?.why).toContain('no tool "act" any more');
  });

  const changes = [
    ["once", "transactional"],
    ["once", "idempotent"],
    ["once", "read"],
    ["transactional", "idempotent"],
    ["idempotent", "once"],
    ["idempotent", "transactional"],
  ] as const;
  for (const [before, after] of changes) {
    test(`is not run again when ${before} has become ${after}`, async () => {
      const path = folder();
      const { runId } = await killInside(path, before);
      const { harness } = await worldOf(
        victimOf(path, after, () => undefined),
        {
          store: open(path),
        },
      );
      const outcome = await (await harness.run(runId)).outcome();
      expect(outcome.reason.code).toBe("effects_in_doubt");
      expect(ledger(path)).toHaveLength(1);
    });
  }
});

test("an effect that may have landed before the kill is not failed by a later refusal", async () => {
  const path = folder();
  const { runId } = await killInside(path, "idempotent");
  const refused = (): never => {
    throw network("ECONNREFUSED");
  };
  const { harness } = await worldOf(victimOf(path, "idempotent", refused), { store: open(path) });
  const outcome = await (await harness.run(runId)).outcome();
  expect(outcome.reason.code).toBe("effects_in_doubt");
  expect(new Set(ledger(path)).size).toBe(1);
});

test("a run of an unknown agent is reported, waits, and does not keep the process busy", async () => {
  const path = folder();
  const { runId } = await killInside(path, "idempotent");
  const store = open(path);
  let claims = 0;
  const claim = store.claim.bind(store);
  store.claim = (...given) => {
    claims += 1;
    return claim(...given);
  };
  const { harness, problems } = await worldOf(agentOf(modelOf("Done.")), { store });
  await until(() => problems.length > 0);
  expect(problems[0]).toMatchObject({ code: "agent_unknown" });
  const other = await harness.start("worker", { input: 1 });
  expect((await other.outcome()).kind).toBe("succeeded");
  await sleep(200);
  expect(claims).toBeLessThan(4);
  expect((await store.get(runId))?.lease).toBeNull();
  // A process that knows the agent takes it up at once.
  const { harness: knows } = await worldOf(
    victimOf(path, "idempotent", () => undefined),
    { store },
  );
  expect((await (await knows.run(runId)).outcome()).kind).toBe("succeeded");
});
