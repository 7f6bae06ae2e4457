import assert from "node:assert/strict";
import { closedCircuit, type Circuit } from "../journal/circuit.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";
import { SAMPLE_LEASE_MS, SAMPLE_START, sampleRun } from "./sample-run.ts";

function circuitOf(scope: string, more: Partial<Circuit> = {}): Circuit {
  return { ...closedCircuit(scope), failures: 1, reason: "it failed", changedAt: 5, ...more };
}

/** O1 to O3, and what a claim tells of the lease before it. */
export const CIRCUIT_CASES: readonly StoreCase[] = [
  {
    title: "O1 a circuit is written once for each version, and read back whole",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      assert.equal(await store.circuit("tool/pay"), undefined);
      const probe = { holder: "r1/t1c0", until: 99 };
      const next = circuitOf("tool/pay", { probe, openUntil: 50, opens: 2, restUntil: 60 });
      const first = await store.swapCircuit(next, 0);
      assert.deepEqual(first, { won: true, row: { ...next, version: 1 } });
      assert.deepEqual(await other.circuit("tool/pay"), { ...next, version: 1 });
      const again = await other.swapCircuit({ ...next, failures: 7 }, 1);
      assert.deepEqual(again.row, { ...next, failures: 7, version: 2 });
      assert.deepEqual(await store.circuits(), [{ ...next, failures: 7, version: 2 }]);
    },
  },
  {
    title: "O2 a version that is not the newest changes nothing and is told what stands",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await store.swapCircuit(circuitOf("model/x"), 0);
      const late = await other.swapCircuit(circuitOf("model/x", { failures: 9 }), 0);
      assert.equal(late.won, false);
      assert.equal(late.row.failures, 1);
      const ahead = await other.swapCircuit(circuitOf("model/x", { failures: 9 }), 5);
      assert.deepEqual(ahead, { won: false, row: { ...circuitOf("model/x"), version: 1 } });
      const unknown = await other.swapCircuit(circuitOf("model/y"), 3);
      assert.deepEqual(unknown, { won: false, row: closedCircuit("model/y") });
      assert.equal(await store.circuit("model/y"), undefined);
    },
  },
  {
    title: "O1 of many writers of one version exactly one gets through",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      const swaps = await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const store = n % 2 === 0 ? handles[0] : handles[1];
          return store.swapCircuit(circuitOf("tool/pay", { reason: `writer ${n}` }), 0);
        }),
      );
      const won = swaps.filter((swapped) => swapped.won);
      assert.equal(won.length, 1);
      for (const { row } of swaps) assert.equal(row.reason, won[0]?.row.reason);
    },
  },
  {
    title: "O1 circuits are listed newest change first",
    run: async ({ store }) => {
      for (const [n, scope] of ["tool/a", "tool/b", "tool/c"].entries()) {
        await store.swapCircuit(circuitOf(scope, { changedAt: [20, 30, 10][n] ?? 0 }), 0);
      }
      const scopes = (await store.circuits()).map(({ scope }) => scope);
      assert.deepEqual(scopes, ["tool/b", "tool/a", "tool/c"]);
    },
  },
  {
    title: "S3 a claim tells of the lease that was never given back, and of no other",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await store.create(sampleRun("r1"));
      const request = { owner: "one", nowMs: SAMPLE_START, leaseMs: SAMPLE_LEASE_MS };
      const first = await store.claim("r1", request);
      assert.ok(first.kind === "claimed");
      assert.equal(first.lapsed, null);
      const nowMs = SAMPLE_START + SAMPLE_LEASE_MS + 1;
      const second = await other.claim("r1", { ...request, owner: "two", nowMs });
      assert.ok(second.kind === "claimed");
      assert.equal(second.lapsed?.owner, "one");
      await other.release(second.fence);
      const third = await store.claim("r1", { ...request, owner: "three", nowMs });
      assert.ok(third.kind === "claimed");
      assert.equal(third.lapsed, null);
    },
  },
];
