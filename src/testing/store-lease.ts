import assert from "node:assert/strict";
import type { Append, ClaimRequest } from "../journal/store.ts";
import {
  appendOf,
  refusalOf,
  SAMPLE_LEASE_MS,
  SAMPLE_START,
  sampleRun,
  startRun,
  takeRun,
  textsOf,
  write,
} from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

const END = SAMPLE_START + SAMPLE_LEASE_MS;
const FINISHED: NonNullable<Append["after"]> = { status: "finished", outcome: "succeeded" };

function claimAt(nowMs: number, more: Partial<ClaimRequest> = {}): ClaimRequest {
  return { owner: "second", nowMs, leaseMs: SAMPLE_LEASE_MS, ...more };
}

/** S3, S4 and S6. */
export const LEASE_CASES: readonly StoreCase[] = [
  {
    title: "S3 a claim raises the epoch, and every older fence is refused from then on",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const first = await write(store, await startRun(store, "r1"), ["a"]);
      const second = await takeRun(other, "r1", "second");
      assert.equal(second.fence.epoch, first.fence.epoch + 1);
      assert.equal(await refusalOf(write(store, first, ["b"])), "fenced");
      const third = await takeRun(store, "r1", "third");
      assert.equal(await refusalOf(write(other, second, ["c"])), "fenced");
      assert.equal(await refusalOf(write(store, first, ["d"])), "fenced");
      await write(other, third, ["e"]);
      assert.deepEqual(await textsOf(store, "r1"), ["a", "e"]);
    },
  },
  {
    title: "S3 a fence from the future is refused",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const ahead = { ...pen, fence: { runId: "r1", epoch: pen.fence.epoch + 1 } };
      assert.equal(await refusalOf(write(store, ahead, ["a"])), "fenced");
    },
  },
  {
    title: "S3 of many claims at once exactly one gets the run",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      await opened.store.create(sampleRun("r1"));
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          (n % 2 === 0 ? handles[0] : handles[1]).claim(
            "r1",
            claimAt(SAMPLE_START, { owner: `w${n}` }),
          ),
        ),
      );
      assert.equal(claims.filter(({ kind }) => kind === "claimed").length, 1);
      assert.equal(claims.filter(({ kind }) => kind === "held").length, 11);
      assert.equal((await opened.store.get("r1"))?.epoch, 1);
    },
  },
  {
    title: "S4 a lease keeps others out until it ends, and not longer",
    run: async ({ store }) => {
      await startRun(store, "r1");
      const held = await store.claim("r1", claimAt(END - 1));
      assert.deepEqual(held, { kind: "held", lease: { owner: "first", until: END } });
      const claimed = await store.claim("r1", claimAt(END));
      assert.ok(claimed.kind === "claimed");
      const lease = { owner: "second", until: END + SAMPLE_LEASE_MS };
      assert.deepEqual(claimed.row.lease, lease);
      assert.deepEqual((await store.get("r1"))?.lease, lease);
    },
  },
  {
    title: "S4 a lease that ran out refuses its writer only when another one claimed",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1", { lease: { owner: "first", until: 0 } });
      const after = await write(store, pen, ["late, and nobody minds"]);
      await store.claim("r1", claimAt(1));
      assert.equal(await refusalOf(write(store, after, ["too late"])), "fenced");
    },
  },
  {
    title: "S4 the lease of a dead owner's epoch can be taken before its end, no other",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const { epoch } = pen.fence;
      const now = SAMPLE_START;
      const older = await store.claim("r1", claimAt(now, { takeFromEpoch: epoch - 1 }));
      assert.equal(older.kind, "held");
      const taken = await store.claim("r1", claimAt(now, { takeFromEpoch: epoch }));
      assert.equal(taken.kind, "claimed");
      const again = await store.claim("r1", claimAt(now, { takeFromEpoch: epoch }));
      assert.equal(again.kind, "held");
      assert.equal(await refusalOf(write(store, pen, ["a"])), "fenced");
    },
  },
  {
    title: "S4 extending moves the end for the holder and says so to everybody else",
    run: async ({ store }) => {
      const { fence } = await startRun(store, "r1");
      assert.equal((await store.extend(fence, END + 5)).held, true);
      assert.equal((await store.get("r1"))?.lease?.until, END + 5);
      assert.equal((await store.claim("r1", claimAt(END + 4))).kind, "held");
      assert.equal((await store.claim("r1", claimAt(END + 5))).kind, "claimed");
      assert.equal((await store.extend(fence, END + 99)).held, false);
      assert.equal((await store.get("r1"))?.lease?.owner, "second");
      assert.equal((await store.extend({ runId: "r9", epoch: 1 }, END)).held, false);
    },
  },
  {
    title: "S4 a released run can be claimed at once; releasing what is lost changes nothing",
    run: async ({ store }) => {
      const { fence } = await startRun(store, "r1");
      await store.release(fence);
      assert.equal((await store.get("r1"))?.lease, null);
      assert.equal((await store.extend(fence, END)).held, false);
      assert.equal((await store.claim("r1", claimAt(SAMPLE_START))).kind, "claimed");
      await store.release(fence);
      assert.equal((await store.get("r1"))?.lease?.owner, "second");
      await store.release({ runId: "r9", epoch: 1 });
    },
  },
  {
    title: "S6 a terminal run takes no events, no claims, no messages and no lease",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      const done = await store.append(pen.fence, appendOf(pen, ["bye"], FINISHED));
      assert.equal(done.status, "finished");
      const row = await other.get("r1");
      assert.equal(row?.status, "finished");
      assert.equal(row.outcome, "succeeded");
      assert.equal(row.lease, null);
      const after = { ...pen, ...done };
      assert.equal(await refusalOf(write(other, after, ["more"])), "fenced");
      assert.equal(
        await refusalOf(store.append(pen.fence, appendOf(after, [], FINISHED))),
        "fenced",
      );
      assert.deepEqual(await other.claim("r1", claimAt(END)), { kind: "finished" });
      const message = { key: "k", kind: "steer", body: null, at: END } as const;
      assert.equal(await other.post("r1", message), "finished");
      assert.equal((await store.extend(pen.fence, END)).held, false);
      await store.release(pen.fence);
      assert.deepEqual(await other.get("r1"), row);
      assert.deepEqual(await store.list({ claimableAt: END * 2, leased: true }), []);
    },
  },
  {
    title: "a claim of a run that is unknown says so",
    run: async ({ store }) => {
      assert.deepEqual(await store.claim("r9", claimAt(0)), { kind: "unknown" });
      assert.equal(await store.get("r9"), undefined);
      assert.deepEqual(await store.read("r9", 1), []);
      assert.deepEqual(await store.inbox("r9", 0), []);
    },
  },
];
