import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/journal/memory-store.ts";
import type { Reservation, Reserved } from "../../src/journal/ledger.ts";
import type { JournalStore } from "../../src/journal/store.ts";
import { sqlite } from "../../src/storage/sqlite/sqlite.ts";
import { storeContract, type StoreUnderTest } from "../../src/testing/door.ts";

const memory: StoreUnderTest = {
  name: "memory",
  open: async (limits) => {
    const store = memoryStore(limits === undefined ? {} : { limits });
    return { store, close: () => store.close() };
  },
};

function onDisk(synchronous: "full" | "normal"): StoreUnderTest {
  return {
    name: `sqlite ${synchronous}`,
    open: async (limits) => {
      const folder = mkdtempSync(join(tmpdir(), "bridle-store-"));
      const path = join(folder, "journal.db");
      const handles: JournalStore[] = [];
      const reopen = async (): Promise<JournalStore> => {
        const handle = sqlite(path, { synchronous, ...(limits === undefined ? {} : { limits }) });
        handles.push(handle);
        return handle;
      };
      const close = async (): Promise<void> => {
        for (const handle of handles) await handle.close();
        rmSync(folder, { recursive: true });
      };
      return { store: await reopen(), reopen, close };
    },
  };
}

storeContract(memory, test);
storeContract(onDisk("full"), test);
storeContract(onDisk("normal"), test);

describe("the store contract itself", () => {
  test("registers cases for every law", () => {
    const titles: string[] = [];
    storeContract(memory, (title) => titles.push(title));
    const laws = "S1 S2 S3 S4 S5 S6 U1 U2 U3 U4 U5 U6 U7 U8 U9 V1 V2".split(" ");
    for (const law of laws) {
      expect(titles.some((title) => title.startsWith(`memory: ${law} `))).toBe(true);
    }
    expect(new Set(titles).size).toBe(titles.length);
  });

  const broken: readonly (readonly [string, (sound: JournalStore) => Partial<JournalStore>])[] = [
    ["lets a stale fence write", staleFences],
    ["forgets the idempotency key", forgetfulKeys],
    ["hands out an endless list", (sound) => ({ list: () => sound.list({ limit: 10_000 }) })],
    ["keeps a message twice", doublePosts],
    ["loses the inbox", () => ({ inbox: async () => [] })],
    ["never tells the next wake", () => ({ nextWake: async () => null })],
    ["extends for anybody", () => ({ extend: async () => ({ held: true, inboxHead: 0 }) })],
    ["ignores the page", (sound) => ({ read: (runId) => sound.read(runId, 1) })],
    ["reserves twice under one key", doubleKeys],
    ["forgets what was reserved", (sound) => ({ reserve: (given) => unheld(sound, given) })],
    ["settles nothing", unsettled],
    ["keeps what was given back", () => ({ unreserve: async () => undefined })],
    ["knows no windows", wideWindows],
    ["loses approvals", () => ({ approval: async () => undefined })],
    ["loses blobs", () => ({ readBlob: async () => undefined })],
  ];
  for (const [fault, change] of broken) {
    test(`fails a store that ${fault}`, async () => {
      const bodies: (() => Promise<void>)[] = [];
      const subject: StoreUnderTest = {
        name: "broken",
        open: async (limits) => {
          const sound = memoryStore(limits === undefined ? {} : { limits });
          return { store: withChange(sound, change(sound)), close: () => sound.close() };
        },
      };
      storeContract(subject, (_, body) => bodies.push(body));
      const outcomes = await Promise.allSettled(bodies.map((body) => body()));
      expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
      expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    });
  }
});

function withChange(sound: JournalStore, change: Partial<JournalStore>): JournalStore {
  return new Proxy(sound, {
    get: (target, name) => {
      const own: unknown = Reflect.get(change, name) ?? Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

function staleFences(sound: JournalStore): Partial<JournalStore> {
  return {
    append: async (fence, append) => {
      const row = await sound.get(fence.runId);
      return sound.append({ runId: fence.runId, epoch: row?.epoch ?? 0 }, append);
    },
  };
}

function forgetfulKeys(sound: JournalStore): Partial<JournalStore> {
  return { create: ({ idempotencyKey: _key, ...run }) => sound.create(run) };
}

function doublePosts(sound: JournalStore): Partial<JournalStore> {
  let n = 0;
  return { post: (runId, entry) => sound.post(runId, { ...entry, key: `${entry.key} ${n++}` }) };
}

/** What follows breaks one law of the ledger each. */
function doubleKeys(sound: JournalStore): Partial<JournalStore> {
  let n = 0;
  return { reserve: (given) => sound.reserve({ ...given, key: `${given.key} ${n++}` }) };
}

async function unheld(sound: JournalStore, given: Reservation): Promise<Reserved> {
  const answer = await sound.reserve(given);
  const epoch = (await sound.get(given.runId))?.epoch ?? 0;
  await sound.unreserve({ runId: given.runId, epoch }, given.key);
  return answer;
}

function unsettled(sound: JournalStore): Partial<JournalStore> {
  return { append: (fence, { settle: _settle, ...append }) => sound.append(fence, append) };
}

function wideWindows(sound: JournalStore): Partial<JournalStore> {
  const lines = (given: Reservation): Reservation["lines"] =>
    given.lines.map((line) => ("windowMs" in line ? { ...line, windowMs: 1e12 } : line));
  return { reserve: (given) => sound.reserve({ ...given, lines: lines(given) }) };
}
