import assert from "node:assert/strict";
import { budget, denied, granted, rate, reserve, settle, slot, spending } from "./sample-ledger.ts";
import { refusalOf, startRun, takeRun } from "./sample-run.ts";
import { twoHandles, type OpenedStore, type StoreCase } from "./opened-store.ts";

/** The laws U6 and U7 of `journal/ledger.ts`: what did not happen, and what is no amount. */
export const LEDGER_REFUSAL_CASES: readonly StoreCase[] = [
  {
    title: "U6 giving back takes holds, slots and tallies away, but no tokens",
    run: async ({ store }) => {
      const { fence } = await startRun(store, "r1");
      const tally = { kind: "tally", scope: "refunds", amount: 1, windowMs: 1_000 } as const;
      const windowed = budget(5, 9, { unit: "windowed", windowMs: 1_000 });
      const lines = [budget(5, 9), slot(1), tally, windowed, rate(7)];
      await granted(store, "k", lines);
      await store.unreserve(fence, "k");
      await store.unreserve(fence, "k");
      assert.deepEqual(await spending(store), [0, 0]);
      const seconds = { unit: "windowed", windowMs: 1_000 };
      assert.deepEqual(await spending(store, seconds), [0, 0]);
      assert.deepEqual(await granted(store, "k", lines.slice(0, 4)), [0, 0, 0, 0]);
      assert.equal((await denied(store, "l", [rate(4)])).used, 7);
    },
  },
  {
    title: "U6 only the current fence gives back, only its own, only before it settled",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const old = await startRun(store, "r1");
      const stranger = await startRun(store, "r2");
      await granted(store, "k", [budget(5, 9)]);
      const pen = await takeRun(other, "r1", "second");
      await store.unreserve(old.fence, "k");
      await store.unreserve(stranger.fence, "k");
      await store.unreserve({ runId: "nobody", epoch: 1 }, "k");
      assert.deepEqual(await spending(store), [0, 5]);
      await settle(other, pen, [{ key: "k", actual: [4] }]);
      await other.unreserve(pen.fence, "k");
      assert.deepEqual(await spending(store), [4, 0]);
    },
  },
  {
    title: "U7 what is no whole number, no name or no window is refused and changes nothing",
    run: async (opened) => {
      await startRun(opened.store, "r1");
      await refuseAll(opened);
      assert.deepEqual(await opened.store.accounts(), []);
      await granted(opened.store, "k", [rate(10)]);
    },
  },
  {
    title: "U7 no account passes the largest whole number",
    run: async ({ store }) => {
      await startRun(store, "r1");
      const most = Number.MAX_SAFE_INTEGER;
      const tally = { kind: "tally", scope: "t", windowMs: 10 } as const;
      await granted(store, "a", [budget(most - 1, null), { ...tally, amount: most }]);
      const full = await denied(store, "b", [budget(2, null)]);
      assert.deepEqual(full, { kind: "denied", line: 0, used: most - 1, max: most });
      assert.equal((await denied(store, "b", [{ ...tally, amount: 1 }])).used, most);
      await granted(store, "b", [budget(1, most)]);
      assert.deepEqual(await spending(store), [0, most]);
    },
  },
];

async function refuseAll({ store }: OpenedStore): Promise<void> {
  const good = budget(1, 9, { scope: "good" });
  const tally = { kind: "tally", scope: "t", amount: 1, windowMs: 10 } as const;
  const lines = [
    ...[1.5, -1, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY].flatMap((wrong) => [
      budget(wrong, 9),
      budget(1, wrong),
      budget(1, 9, { windowMs: wrong }),
      rate(wrong),
      rate(1, { capacity: wrong }),
      slot(wrong),
      { ...tally, amount: wrong },
    ]),
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map((refillPerMs) => rate(1, { refillPerMs })),
    budget(1, 9, { windowMs: 0 }),
    ...["", "x".repeat(501), "a\u0000b", "\ud800"].map((scope) => budget(1, 9, { scope })),
    ...["", "slots", "tally"].map((unit) => budget(1, 9, { unit })),
  ];
  for (const line of lines) {
    const refused = reserve(store, "k", [good, rate(1, { scope: "good" }), line]);
    assert.equal(await refusalOf(refused), "limit_invalid", JSON.stringify(line));
  }
  const disagreeing = [budget(1, 9), budget(2, 9, { windowMs: 10 })];
  assert.equal(await refusalOf(reserve(store, "k", disagreeing)), "limit_invalid");
  assert.equal(await refusalOf(reserve(store, "", [good])), "limit_invalid");
  assert.equal(await refusalOf(reserve(store, { key: "k", after: 0.5 }, [good])), "limit_invalid");
  const many = Array.from({ length: 65 }, () => good);
  assert.equal(await refusalOf(reserve(store, "k", many)), "limit_invalid");
}
