/**
 * Damaged responses through the real clients, our `fetch` and one attempt: whatever arrives, the
 * attempt ends, and ends in an answer that a journal can hold or in a fault of the closed set.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Attempt } from "../../src/generation/gateway.ts";
import { modelFaultKinds } from "../../src/journal/model-fault.ts";
import { canonicalJson } from "../../src/std/json.ts";
import { seededRandom, seedFrom } from "../../src/std/random.ts";
import { mutate, packetsOf } from "./mutate-bytes.ts";
import {
  attemptOver,
  clientNames,
  fetchOf,
  recordWire,
  wiredModel,
  type Recorded,
} from "./wire-clients.ts";

/** Mutated bytes that go through each client, streamed and whole; ten of them in all. */
const BYTES_PER_CASE = Number(process.env["FUZZ_BYTES"] ?? 250_000);
const FUZZ_MS = 60_000 + BYTES_PER_CASE / 5;
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261);
const LIMITS = { timeoutMs: 2_000, firstByteMs: 1_000, idleMs: 1_000 };
const ATTEMPT_MAX_MS = 4_000;
/** What all damaged responses of one client may leave behind. */
const HEAP_GROWTH_MAX = 16 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

let wire: readonly Recorded[] = [];
const stray: unknown[] = [];

beforeAll(async () => {
  wire = await recordWire();
  process.on("unhandledRejection", (thrown) => stray.push(thrown));
});

function replay(
  { client, isStream, contentType }: Recorded,
  packets: readonly Uint8Array[],
): Promise<Attempt> {
  const model = wiredModel(client, "http://model.test/v1", fetchOf(packets, { contentType }));
  return attemptOver(model, isStream, { limits: LIMITS });
}

/** What is wrong with how an attempt ended; null: nothing. */
function wrongWith(attempt: Attempt, tookMs: number): string | null {
  if (tookMs > ATTEMPT_MAX_MS) return `it took ${tookMs} ms`;
  const { fault } = attempt;
  if (fault !== null) {
    if (!modelFaultKinds.includes(fault.kind)) return `no such fault: ${fault.kind}`;
    if (fault.message === "" || fault.message.length > 500) return `message: ${fault.message}`;
    if (fault.message.includes("\n")) return "a message of several lines";
    if (fault.kind === "aborted") return "nobody cancelled";
  }
  const kept = attempt.kind === "answered" ? attempt.answer : [attempt.fault, attempt.arrived];
  const text = canonicalJson(kept);
  if (canonicalJson(JSON.parse(text)) !== text) return "it does not come back from its text";
  if (!new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text)).length) return "empty";
  if (attempt.kind === "answered") {
    for (const part of attempt.answer.content) {
      if (part.type === "tool-call" && typeof part.toolName !== "string") return "a nameless call";
      if (part.type === "text" && typeof part.text !== "string") return "text that is none";
    }
  }
  return null;
}

describe("damaged responses", () => {
  for (const client of clientNames) {
    for (const isStream of [true, false]) {
      const how = isStream ? "stream" : "whole answer";
      test(
        `of ${client}, as a ${how}, end in an answer or in a known fault`,
        async () => {
          const mine = wire.filter((one) => one.client === client && one.isStream === isStream);
          expect(mine).toHaveLength(3);
          const ends = new Map<string, number>();
          const heapBefore = heapUsed();
          let bytes = 0;
          for (let round = 0; bytes < BYTES_PER_CASE; round++) {
            const seed = seedFrom(`${SEED} ${client} ${how} ${round}`);
            const random = seededRandom(seed);
            const [one, other] = [mine[round % 3], mine[Math.floor(random() * 3)]];
            if (one === undefined || other === undefined) throw new Error("nothing recorded");
            const damaged = mutate(one.bytes, other.bytes, random);
            bytes += Math.max(1, damaged.length);
            const started = performance.now();
            const packets = packetsOf(damaged, random);
            const attempt = await replay(one, packets).catch((thrown: unknown) => {
              throw new Error(`threw, FUZZ_SEED=${SEED} round ${round} of ${one.name}`, {
                cause: thrown,
              });
            });
            const wrong = wrongWith(attempt, performance.now() - started);
            const shown = Buffer.from(damaged).toString("utf8").slice(0, 3_000);
            expect(wrong, `FUZZ_SEED=${SEED} round ${round} of ${one.name}:\n${shown}`).toBeNull();
            const end = attempt.kind === "answered" ? "answered" : attempt.fault.kind;
            ends.set(end, (ends.get(end) ?? 0) + 1);
          }
          expect(bytes).toBeGreaterThanOrEqual(BYTES_PER_CASE);
          // Some damage is harmless and some is not: neither alone would say anything.
          expect(ends.get("answered") ?? 0).toBeGreaterThan(0);
          expect(ends.size).toBeGreaterThan(1);
          await new Promise((resolve) => setImmediate(resolve));
          const growth = heapUsed() - heapBefore;
          if (process.env["FUZZ_TOLD"] === "1") console.log(client, how, bytes, ends, growth);
          expect(growth).toBeLessThan(HEAP_GROWTH_MAX);
          expect(stray).toEqual([]);
        },
        FUZZ_MS,
      );
    }
  }
});

describe("an undamaged response", () => {
  for (const client of clientNames) {
    test(`of ${client} is the same answer whatever its packets are`, async () => {
      const mine = wire.filter((one) => one.client === client);
      expect(mine).toHaveLength(6);
      for (const one of mine) {
        const whole = shapeOf(await replay(one, [one.bytes]));
        expect(whole.kind).toBe("answered");
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.nat({ max: one.bytes.length }), { maxLength: 40 }),
            async (cuts) => {
              const packets = cutAt(one.bytes, cuts);
              expect(shapeOf(await replay(one, packets))).toEqual(whole);
            },
          ),
          { numRuns: 25, seed: SEED },
        );
        const bytewise = Array.from(one.bytes, (_, n) => one.bytes.subarray(n, n + 1));
        expect(shapeOf(await replay(one, bytewise))).toEqual(whole);
      }
    }, 60_000);
  }
});

function cutAt(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, n) => bytes.subarray(places[n], to));
}

/** An attempt without what differs between two of them: time, and ids that a client makes up. */
function shapeOf(attempt: Attempt) {
  const { ms: _ms, ...rest } = attempt;
  const made = /"toolCallId":"[A-Za-z0-9]{16}"/g;
  return JSON.parse(JSON.stringify(rest).replaceAll(made, '"toolCallId":"made"')) as typeof rest;
}
