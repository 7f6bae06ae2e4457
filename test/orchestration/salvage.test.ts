/** What had arrived of a stream that broke: in the journal, bounded, and without keys. */
import { expect, onTestFinished, test } from "vitest";
import { scriptedModel, type Step } from "../../src/chaos/door.ts";
import { seededRandom } from "../../src/std/random.ts";
import { serve } from "../chaos/served.ts";
import { clientNames, WIRED, wiredModel } from "../generation/wire-clients.ts";
import { agentOf, eventsOf, play } from "./world.ts";

const BYTES_MAX = 16 * 1024;

/** Says `text`, all of it, and breaks off before it says why it ended; then says it whole. */
async function arrivedOf(client: string, text: string) {
  const steps = (all: readonly Step[]): readonly Step[] => {
    const bytes = all.filter(({ kind }) => kind === "bytes");
    const end = { google: 1, chat: 3, compatible: 3 }[client] ?? 2;
    return [...all.slice(0, 1), ...bytes.slice(0, -end), { kind: "end" }];
  };
  const fault = { name: "cut", group: "stream", summary: "For this test.", steps } as const;
  const planned = { fault, argument: undefined, random: seededRandom(1) };
  const server = await serve({
    models: () => scriptedModel([{ text }]),
    chunked: true,
    faults: { next: ({ repeat }) => (repeat === 0 ? [planned] : []) },
  });
  const model = wiredModel(client, server.urlFor("r", WIRED[client]?.base), fetch);
  const { outcome, events, store, run } = await play(agentOf(model, { stream: true }));
  expect(outcome).toMatchObject({ kind: "succeeded", text });
  const [fallen, ...more] = eventsOf(events, "model.faulted");
  expect(more).toEqual([]);
  expect(fallen).toMatchObject({ answer: "wait", fault: { kind: "stream_broken", after: "text" } });
  const records = await store.read(run.runId, fallen?.seq ?? 0, 1);
  return { arrived: fallen?.arrived, record: JSON.stringify(records[0]) };
}

test.each(clientNames)("%s: a short text is kept whole", async (client) => {
  const { arrived } = await arrivedOf(client, "Good morning to you, Grüße 😀.");
  expect(arrived?.text ?? "").toMatch(/^Good morning/);
  expect(arrived?.chars).toBe(arrived?.text?.length);
  expect(arrived?.calls).toBe(0);
});

test.each(clientNames)(
  "%s: a long text is kept to its first 16 KiB",
  async (client) => {
    for (const text of [`a${"😀".repeat(9_000)}`, "ü".repeat(30_000), "x".repeat(70_000)]) {
      const { arrived, record } = await arrivedOf(client, text);
      const kept = arrived?.text ?? "";
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(BYTES_MAX);
      expect(Buffer.byteLength(kept)).toBeGreaterThan(BYTES_MAX / 2);
      expect(text.startsWith(kept)).toBe(true);
      expect(kept.isWellFormed()).toBe(true);
      expect(arrived?.chars).toBeGreaterThan(kept.length);
      expect(Buffer.byteLength(record)).toBeLessThan(BYTES_MAX + 4_096);
    }
  },
  60_000,
);

test("a key that the provider echoes is not kept, not even where the text is cut", async () => {
  const key = "zq7-4f19c0ffee4f19c0ffee4f19c0ffee";
  process.env["SALVAGED_API_KEY"] = key;
  onTestFinished(() => {
    delete process.env["SALVAGED_API_KEY"];
  });
  const { arrived } = await arrivedOf("chat", `You sent ${key}, and more of it.`);
  expect(arrived?.text).toMatch(/^You sent \[SALVAGED_API_KEY\], and/);
  for (const before of [16_384 - 20, 16_384 - 33, 16_384 - 1]) {
    const { record, arrived: cut } = await arrivedOf("chat", `${"x".repeat(before)}${key}, so.`);
    expect(record).not.toContain(key.slice(0, 8));
    expect(cut?.text?.length ?? 0).toBeGreaterThan(8_000);
  }
});

test("what looks like a key of anybody's is not kept", async () => {
  const { record } = await arrivedOf("anthropic", "It is sk-ant-0123456789abcdef, he said then.");
  expect(record).toContain("It is [key]");
  expect(record).not.toContain("0123456789abcdef");
});
