import assert from "node:assert/strict";
import { SLOTS } from "../journal/ledger.ts";
import {
  budget,
  denied,
  finish,
  granted,
  rate,
  reserve,
  settle,
  slot,
  spending,
} from "./sample-ledger.ts";
import { refusalOf, SAMPLE_START, startRun, takeRun } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

const SLOT = { scope: "tool/pay", unit: SLOTS };

/** The laws U1 to U3 of `journal/ledger.ts`: what is granted. */
const GRANT_CASES: readonly StoreCase[] = [
  {
    title: "U1 a line without room denies every line of its reservation",
    run: async ({ store }) => {
      await startRun(store, "r1");
      await granted(store, "first", [slot(1)]);
      const lines = [budget(5, 10), rate(4), slot(1), budget(1, 0, { scope: "org/other" })];
      const answer = await denied(store, "second", lines);
      assert.deepEqual(answer, { kind: "denied", line: 2, used: 1, max: 1 });
      assert.deepEqual(await spending(store), [0, 0]);
      assert.deepEqual(await granted(store, "third", [rate(10)]), [0]);
      const all = await store.accounts();
      assert.deepEqual(all, [{ ...SLOT, spent: 0, held: 1 }]);
    },
  },
  {
    title: "U1 what was reserved outlives its handle, and another worker settles it",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await startRun(store, "r1");
      const accepted = granted(store, "k", [budget(5, 10), slot(1)]);
      if (store !== other) await store.close();
      await accepted;
      assert.deepEqual(await spending(other), [0, 5]);
      const pen = await takeRun(other, "r1", "second");
      await settle(other, pen, [{ key: "k", actual: [4] }]);
      assert.deepEqual(await spending(other), [4, 0]);
      assert.deepEqual(await spending(other, SLOT), [0, 0]);
    },
  },
  {
    title: "U2 what is held counts as much as what is spent, up to the last unit",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await granted(store, "a", [budget(6, 10)]);
      assert.deepEqual(await denied(store, "b", [budget(5, 10)]), {
        kind: "denied",
        line: 0,
        used: 6,
        max: 10,
      });
      await settle(store, pen, [{ key: "a" }]);
      assert.deepEqual(await spending(store), [6, 0]);
      await denied(store, "b", [budget(5, 10)]);
      await granted(store, "b", [budget(4, 10)]);
      await denied(store, "c", [budget(1, 10)]);
      await granted(store, "c", [budget(0, 10)]);
      await granted(store, "c2", [budget(1, null)]);
      assert.deepEqual(await denied(store, "d", [budget(0, 10)]).then(({ used }) => used), 11);
    },
  },
  {
    title: "U2 many writers at once never reserve more than there is",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      for (let n = 0; n < 8; n++) await startRun(handles[0], `r${n}`);
      const answers = await Promise.all(
        Array.from({ length: 80 }, (_, n) => {
          const store = n % 2 === 0 ? handles[0] : handles[1];
          const lines = [budget(7, 100), budget(1, 1_000, { unit: "calls" })];
          return reserve(store, { key: `k${n}`, runId: `r${n % 8}` }, lines);
        }),
      );
      assert.equal(answers.filter(({ kind }) => kind === "reserved").length, 14);
      for (const store of handles) {
        assert.deepEqual(await spending(store), [0, 98]);
        assert.deepEqual(await spending(store, { unit: "calls" }), [0, 14]);
      }
    },
  },
  {
    title: "U2 no more than so many hold a slot, and one that is freed can be taken",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      const pen = await startRun(handles[0], "r1");
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          reserve(n % 2 === 0 ? handles[0] : handles[1], `k${n}`, [slot(3)]),
        ),
      );
      const won = answers.flatMap(({ kind }, n) => (kind === "reserved" ? [`k${n}`] : []));
      assert.equal(won.length, 3);
      assert.deepEqual(await spending(handles[1], SLOT), [0, 3]);
      await settle(handles[0], pen, [{ key: won[0] ?? "" }]);
      await granted(handles[1], "next", [slot(3)]);
      await denied(handles[1], "and one more", [slot(3)]);
    },
  },
  {
    title: "U2 tree: a child's line cannot have what its parent's lacks",
    run: async ({ store }) => {
      await startRun(store, "r1");
      const lines = (amount: number): ReturnType<typeof budget>[] => [
        budget(amount, 100),
        budget(amount, 30, { scope: "user/acme/ann" }),
        budget(amount, 25, { scope: "run/r1" }),
      ];
      await granted(store, "a", lines(20));
      assert.equal((await denied(store, "b", lines(6))).line, 2);
      await granted(store, "b", lines(5));
      assert.equal((await denied(store, "c", lines(6))).line, 1);
      assert.deepEqual(await spending(store), [0, 25]);
    },
  },
  {
    title: "U3 the same key changes nothing and answers as the first time, settled or not",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      await granted(store, "first", [budget(3, 10)]);
      const lines = [budget(4, 10), rate(10), slot(1)];
      const answer = await reserve(store, "k", lines);
      const tallies = [3, 0, 0];
      const seen = [false, false, false];
      const at = SAMPLE_START;
      assert.deepEqual(answer, { kind: "reserved", at, tallies, seen, isRepeat: false });
      const again = { ...answer, isRepeat: true };
      assert.deepEqual(await reserve(other, { key: "k", after: 50 }, lines), again);
      assert.deepEqual(await reserve(store, "k", [budget(9, 10)]), again);
      assert.deepEqual(await spending(store), [0, 7]);
      const then = await settle(store, pen, [{ key: "k", actual: [2, null, null] }]);
      assert.deepEqual(await reserve(other, "k", lines), again);
      assert.deepEqual(await spending(store), [2, 3]);
      await finish(store, then);
      assert.deepEqual(await reserve(store, "k", lines), again);
      assert.deepEqual(await spending(store), [5, 0]);
    },
  },
  {
    title: "U3 two writers with one key make one reservation",
    run: async (opened) => {
      const handles = await twoHandles(opened);
      await startRun(handles[0], "r1");
      const answers = await Promise.all(
        [0, 1, 0, 1].map((n) => reserve(handles[n === 0 ? 0 : 1], "k", [budget(4, 10)])),
      );
      const repeats = answers.map((answer) => answer.kind === "reserved" && answer.isRepeat);
      assert.equal(repeats.filter((isRepeat) => !isRepeat).length, 1);
      assert.deepEqual(await spending(handles[0]), [0, 4]);
    },
  },
  {
    title: "U3 a key belongs to its run, and one that was denied is free",
    run: async ({ store }) => {
      await startRun(store, "r1");
      await startRun(store, "r2");
      await granted(store, "k", [budget(4, 10)]);
      assert.deepEqual(await granted(store, { key: "k", runId: "r2" }, [budget(4, 10)]), [4]);
      await denied(store, "l", [budget(4, 10)]);
      assert.deepEqual(await granted(store, "l", [budget(2, 10)]), [8]);
    },
  },
];

/** U4 and U5: what becomes of what was granted. */
const SETTLE_CASES: readonly StoreCase[] = [
  {
    title: "U4 what was really used is recorded, less or more than reserved",
    run: async ({ store }) => {
      let pen = await startRun(store, "r1");
      const lines = [budget(5, 20), budget(5, 20, { unit: "tokens" })];
      for (const key of ["less", "more", "as reserved", "open"]) await granted(store, key, lines);
      pen = await settle(store, pen, [
        { key: "less", actual: [1, 0] },
        { key: "more", actual: [12, null] },
        { key: "as reserved" },
      ]);
      assert.deepEqual(await spending(store), [18, 5]);
      assert.deepEqual(await spending(store, { unit: "tokens" }), [10, 5]);
      assert.equal((await denied(store, "next", [budget(1, 20)])).used, 23);
      await settle(store, pen, [{ key: "open", actual: [0] }]);
      assert.deepEqual(await granted(store, "next", [budget(1, 20)]), [18]);
    },
  },
  {
    title: "U4 a key that is unknown, settled or another run's does not fail the append",
    run: async ({ store }) => {
      let pen = await startRun(store, "r1");
      await startRun(store, "r2");
      await granted(store, "k", [budget(5, 20)]);
      await granted(store, { key: "theirs", runId: "r2" }, [budget(5, 20)]);
      pen = await settle(store, pen, [{ key: "k", actual: [3] }]);
      await settle(store, pen, [{ key: "k", actual: [9] }, { key: "theirs" }, { key: "nobody's" }]);
      assert.deepEqual(await spending(store), [3, 5]);
    },
  },
  {
    title: "U4 figures that make no sense settle as reserved, a fraction counts up",
    run: async ({ store }) => {
      let pen = await startRun(store, "r1");
      for (const [key, actual] of [
        ["a", Number.NaN],
        ["b", -1],
        ["c", 2.1],
        ["d", Number.POSITIVE_INFINITY],
      ] as const) {
        const unit = `unit ${key}`;
        await granted(store, key, [budget(5, null, { unit }), budget(1, null, { unit: "held" })]);
        pen = await settle(store, pen, [{ key, actual: [actual] }]);
      }
      assert.deepEqual(await spending(store, { unit: "unit a" }), [5, 0]);
      assert.deepEqual(await spending(store, { unit: "unit b" }), [5, 0]);
      assert.deepEqual(await spending(store, { unit: "unit c" }), [3, 0]);
      const most = Number.MAX_SAFE_INTEGER;
      assert.deepEqual(await spending(store, { unit: "unit d" }), [most, 0]);
      assert.deepEqual(await denied(store, "e", [budget(1, null, { unit: "unit d" })]), {
        kind: "denied",
        line: 0,
        used: most,
        max: most,
      });
    },
  },
  {
    title: "U4 an append that is refused settles nothing, a fenced worker's too",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      await granted(store, "k", [budget(5, 20), slot(1)]);
      const stale = { ...pen, head: 7 };
      assert.equal(await refusalOf(settle(store, stale, [{ key: "k" }])), "sequence_conflict");
      const next = await takeRun(other, "r1", "second");
      assert.equal(await refusalOf(settle(store, pen, [{ key: "k" }])), "fenced");
      assert.deepEqual(await spending(store), [0, 5]);
      await denied(store, "l", [slot(1)]);
      await settle(other, next, [{ key: "k", actual: [4] }]);
      assert.deepEqual(await spending(store), [4, 0]);
    },
  },
  {
    title: "U5 what a run that ends has not settled counts in full, and its slots are free",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      await startRun(store, "r2");
      const tally = { kind: "tally", scope: "refunds", amount: 2, windowMs: 1_000 } as const;
      for (const key of ["a", "b", "c"]) await granted(store, key, [budget(5, 20), slot(3), tally]);
      await denied(store, { key: "x", runId: "r2" }, [slot(3)]);
      await finish(store, pen, [{ key: "a", actual: [1] }]);
      assert.deepEqual(await spending(other), [11, 0]);
      assert.deepEqual(await spending(other, SLOT), [0, 0]);
      const after = [slot(3), tally];
      assert.deepEqual(await granted(other, { key: "x", runId: "r2" }, after), [0, 6]);
    },
  },
  {
    title: "U5 an end that is refused ends nothing",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await granted(store, "a", [budget(5, 20)]);
      assert.equal(await refusalOf(finish(store, { ...pen, head: 9 })), "sequence_conflict");
      assert.deepEqual(await spending(store), [0, 5]);
    },
  },
  {
    title: "U5 a run that is unknown or has ended reserves nothing",
    run: async ({ store }) => {
      assert.equal(await refusalOf(reserve(store, "k", [budget(1, 9)])), "run_unknown");
      const pen = await startRun(store, "r1");
      await finish(store, pen);
      assert.equal(await refusalOf(reserve(store, "k", [budget(1, 9)])), "run_terminal");
      assert.deepEqual(await store.accounts(), []);
    },
  },
];

export const LEDGER_CASES: readonly StoreCase[] = [...GRANT_CASES, ...SETTLE_CASES];
