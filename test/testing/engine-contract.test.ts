import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { embedded } from "../../src/engines/embedded/embedded.ts";
import { memoryStore } from "../../src/journal/memory-store.ts";
import type { Engine } from "../../src/orchestration/engine.ts";
import { sqlite } from "../../src/storage/sqlite/sqlite.ts";
import { engineContract, type EngineUnderTest } from "../../src/testing/door.ts";

const onSqlite: EngineUnderTest = {
  name: "embedded over sqlite",
  open: async (options) => {
    const folder = mkdtempSync(join(tmpdir(), "bridle-engine-"));
    const store = sqlite(join(folder, "journal.db"));
    const close = async (): Promise<void> => {
      await store.close();
      rmSync(folder, { recursive: true });
    };
    return { store, engine: () => embedded(options), close };
  },
};

function over(name: string, engine: () => Engine): EngineUnderTest {
  return {
    name,
    open: async () => {
      const store = memoryStore();
      return { store, engine, close: () => store.close() };
    },
  };
}

engineContract(onSqlite, test);

describe("the engine contract itself", () => {
  test("registers cases for every law", () => {
    const titles: string[] = [];
    engineContract(onSqlite, (title) => titles.push(title));
    for (const law of ["G1", "G2", "G3", "G4"]) {
      expect(titles.some((title) => title.startsWith(`${onSqlite.name}: ${law} `))).toBe(true);
    }
    expect(titles.some((title) => title.includes("drain"))).toBe(true);
  });

  test("fails an engine that does nothing", async () => {
    const idle: Engine = {
      name: "idle",
      serve: () => ({ room: () => 1, wake: () => undefined, drain: async () => ({ left: 0 }) }),
    };
    const failed = await failedCases(over("idle", () => idle));
    expect(failed.filter((title) => title.includes("G2"))).toHaveLength(4);
    expect(failed.filter((title) => title.includes("drain")).length).toBeGreaterThan(0);
  });

  test("fails an engine that advances on every wake, without looking", async () => {
    const hasty: Engine = {
      name: "hasty",
      serve: ({ advance }) => ({
        room: () => 1,
        wake: ({ runId }) => void advance(runId).catch(() => undefined),
        drain: async () => ({ left: 0 }),
      }),
    };
    const failed = await failedCases(over("hasty", () => hasty));
    expect(failed.some((title) => title.includes("G1"))).toBe(true);
    expect(failed.some((title) => title.includes("G3"))).toBe(true);
  });
});

async function failedCases(subject: EngineUnderTest): Promise<readonly string[]> {
  const cases: (readonly [string, () => Promise<void>])[] = [];
  engineContract(subject, (title, body) => cases.push([title, body]));
  const settled = await Promise.allSettled(cases.map(([, body]) => body()));
  return cases.flatMap(([title], n) => (settled[n]?.status === "rejected" ? [title] : []));
}
