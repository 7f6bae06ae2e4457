import assert from "node:assert/strict";
import type { BudgetLine, Line, TallyLine } from "../journal/ledger.ts";
import { budget, denied, granted, rate, reserve, settle, spending } from "./sample-ledger.ts";
import { SAMPLE_START, startRun } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

function windowed(amount: number, max: number | null, windowMs = 1_000): BudgetLine {
  return budget(amount, max, { windowMs });
}

function tally(changes: Partial<TallyLine> = {}): TallyLine {
  return { kind: "tally", scope: "user/ann/refunds", amount: 1, windowMs: 1_000, ...changes };
}

/** What the ledger does with time: windows, rates, tallies (U2, U8, U9). */
export const LEDGER_TIME_CASES: readonly StoreCase[] = [
  {
    title: "U2 a window counts what is younger than it, to the millisecond",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await startRun(store, "r1");
      await granted(store, "a", [windowed(4, 10)]);
      await granted(store, { key: "b", after: 400 }, [windowed(4, 10)]);
      const full = await denied(other, { key: "c", after: 999 }, [windowed(3, 10)]);
      assert.deepEqual(full, {
        kind: "denied",
        line: 0,
        used: 8,
        max: 10,
        retryAt: SAMPLE_START + 1_000,
      });
      assert.deepEqual(await spending(store, { windowMs: 1_000, after: 999 }), [0, 8]);
      assert.deepEqual(await spending(store, { windowMs: 1_000, after: 1_000 }), [0, 4]);
      assert.deepEqual(await granted(other, { key: "c", after: 1_000 }, [windowed(3, 10)]), [4]);
      const both = await denied(store, { key: "d", after: 1_001 }, [windowed(10, 10)]);
      assert.equal(both.retryAt, SAMPLE_START + 2_000);
      const never = await denied(store, { key: "d", after: 1_001 }, [windowed(11, 10)]);
      assert.equal("retryAt" in never, false);
      assert.deepEqual(await spending(store), [0, 11]);
    },
  },
  {
    title: "U4 what is settled counts in its window as it was used, given back not at all",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      for (const key of ["a", "b", "c"]) await granted(store, key, [windowed(3, 9)]);
      await settle(store, pen, [{ key: "a", actual: [5] }]);
      assert.deepEqual(await spending(store, { windowMs: 1_000, after: 10 }), [5, 6]);
      await store.unreserve(pen.fence, "b");
      assert.deepEqual(await spending(store, { windowMs: 1_000, after: 10 }), [5, 3]);
      assert.equal((await denied(store, { key: "d", after: 10 }, [windowed(2, 9)])).used, 8);
      await granted(store, { key: "d", after: 1_000 }, [windowed(9, 9)]);
      await settle(store, { ...pen, ...(await headOf(store)) }, [{ key: "c", actual: [8] }]);
      assert.deepEqual(await spending(store, { windowMs: 1_000, after: 1_000 }), [0, 9]);
      assert.deepEqual(await spending(store), [13, 9]);
    },
  },
  {
    title: "U2 an hour's window and a day's are two views of the same entries",
    run: async ({ store }) => {
      await startRun(store, "r1");
      const lines = [windowed(3, 6, 100), windowed(3, 9, 1_000), budget(3, 30)];
      assert.deepEqual(await granted(store, "a", lines), [0, 0, 0]);
      assert.deepEqual(await granted(store, { key: "b", after: 10 }, lines), [3, 3, 3]);
      assert.equal((await denied(store, { key: "c", after: 20 }, lines)).line, 0);
      assert.deepEqual(await granted(store, { key: "c", after: 105 }, lines), [3, 6, 6]);
      assert.equal((await denied(store, { key: "d", after: 500 }, lines)).line, 1);
      assert.deepEqual(await granted(store, { key: "d", after: 1_000 }, lines), [0, 6, 9]);
      assert.deepEqual(await spending(store), [0, 12]);
    },
  },
  {
    title: "U9 a window that is named later counts what was reserved under another",
    run: async ({ store }) => {
      await startRun(store, "r1");
      await granted(store, "before any", [budget(1, null)]);
      await granted(store, "a", [windowed(2, null, 1_000)]);
      await granted(store, { key: "b", after: 900 }, [budget(4, null)]);
      assert.deepEqual(
        await granted(store, { key: "c", after: 950 }, [windowed(8, null, 500)]),
        [4],
      );
      assert.deepEqual(
        await granted(store, { key: "d", after: 950 }, [windowed(1, null, 950)]),
        [12],
      );
      assert.deepEqual(
        await granted(store, { key: "e", after: 950 }, [windowed(1, null, 960)]),
        [15],
      );
    },
  },
  {
    title: "U9 an account forgets the window that nobody asked for longest, and goes on",
    run: async ({ store }) => {
      await startRun(store, "r1");
      for (let n = 1; n <= 20; n++) {
        const used = await granted(store, { key: `k${n}`, after: n }, [
          windowed(1, null, n * 1_000),
        ]);
        assert.deepEqual(used, [n - 1]);
      }
      assert.deepEqual(await granted(store, { key: "again", after: 21 }, [windowed(1, 21)]), [20]);
      assert.equal((await denied(store, { key: "full", after: 21 }, [windowed(1, 21)])).used, 21);
    },
  },
  {
    title: "U8 a reservation is dated at the newest time that one of its accounts has seen",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await startRun(store, "r1");
      const dateOf = async (key: string, after: number, line: Line): Promise<number> => {
        const answer = await reserve(other, { key, after }, [line, budget(1, null, { unit: "x" })]);
        return answer.kind === "reserved" ? answer.at - SAMPLE_START : -1;
      };
      assert.equal(await dateOf("a", 10, budget(1, null)), 10);
      assert.equal(await dateOf("b", 30, rate(1)), 30);
      assert.equal(await dateOf("c", 20, budget(1, null, { scope: "org/new" })), 30);
      assert.equal(await dateOf("d", 31, rate(1)), 31);
      assert.equal(await dateOf("a", 99, budget(1, null)), 10);
    },
  },
  {
    title: "U8 a clock that lags spends nothing twice",
    run: async ({ store }) => {
      await startRun(store, "r1");
      await granted(store, "a", [windowed(6, 10)]);
      await granted(store, { key: "b", after: 1_000 }, [windowed(6, 10), rate(10)]);
      assert.equal((await denied(store, { key: "c", after: 500 }, [windowed(6, 10)])).used, 6);
      assert.equal((await denied(store, { key: "c", after: 500 }, [rate(1)])).used, 10);
      await granted(store, { key: "d", after: 500 }, [windowed(4, 10)]);
      assert.equal((await denied(store, { key: "e", after: 1_999 }, [windowed(5, 10)])).used, 10);
      assert.equal((await denied(store, { key: "e", after: 2_999 }, [rate(2)])).used, 9);
      await granted(store, { key: "e", after: 3_000 }, [windowed(5, 10), rate(2)]);
    },
  },
  {
    title: "U2 a rate gives as many tokens as it holds, and more with time up to its capacity",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      await startRun(store, "r1");
      assert.deepEqual(await granted(store, "a", [rate(7)]), [0]);
      assert.deepEqual(await denied(other, "b", [rate(5)]), {
        kind: "denied",
        line: 0,
        used: 7,
        max: 10,
        retryAt: SAMPLE_START + 2_000,
      });
      await denied(other, { key: "b", after: 1_999 }, [rate(5)]);
      assert.deepEqual(await granted(other, { key: "b", after: 2_000 }, [rate(5)]), [5]);
      await denied(store, { key: "c", after: 99_000 }, [rate(11)]);
      await granted(store, { key: "c", after: 99_000 }, [rate(10)]);
      await denied(store, { key: "d", after: 99_999 }, [rate(1)]);
      const never = await denied(store, { key: "d", after: 99_999 }, [rate(1, { refillPerMs: 0 })]);
      assert.equal("retryAt" in never, false);
    },
  },
  {
    title: "U4 of a rate, more than reserved is taken afterwards, less is not given back",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      await granted(store, "a", [rate(2)]);
      await granted(store, "b", [rate(2)]);
      const keys = [
        { key: "a", actual: [0] },
        { key: "b", actual: [14] },
      ];
      await settle(store, pen, keys);
      const answer = await denied(store, "c", [rate(1)]);
      assert.deepEqual([answer.used, answer.retryAt], [16, SAMPLE_START + 7_000]);
      await granted(store, { key: "c", after: 7_000 }, [rate(1)]);
    },
  },
  {
    title: "U2 when it says to try again there is room, whatever the rate and its fractions",
    run: async ({ store }) => {
      await startRun(store, "r1");
      for (const [n, perMs] of [1 / 3, 0.1, 7 / 11, 1e-5, 123.456, 2 ** -20].entries()) {
        const line = rate(9, { scope: `model ${n}`, refillPerMs: perMs });
        await granted(store, { key: `a${n}`, after: n }, [line]);
        const { retryAt = 0 } = await denied(store, { key: `b${n}`, after: n }, [line]);
        await denied(store, { key: `b${n}`, after: retryAt - 1 - SAMPLE_START }, [line]);
        await granted(store, { key: `b${n}`, after: retryAt - SAMPLE_START }, [line]);
      }
    },
  },
  {
    title: "U2 a tally hands back what counted before, in flight or settled, and denies nothing",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      const pen = await startRun(store, "r1");
      assert.deepEqual(await granted(store, "a", [tally({ amount: 2_000 })]), [0]);
      const twice = [tally({ amount: 3_000 }), tally({ amount: 3_000, windowMs: 100 })];
      assert.deepEqual(await granted(other, { key: "b", after: 100 }, twice), [2_000, 0]);
      await settle(store, pen, [{ key: "a", actual: [1_500] }]);
      assert.deepEqual(await granted(store, { key: "c", after: 150 }, [tally()]), [4_500]);
      await store.unreserve(pen.fence, "b");
      assert.deepEqual(await granted(other, { key: "d", after: 160 }, [tally()]), [1_501]);
      assert.deepEqual(await granted(other, { key: "e", after: 1_155 }, [tally()]), [1]);
    },
  },
  {
    title: "U2 a distinct tally counts values, and says whether this one was among them",
    run: async ({ store }) => {
      const { fence } = await startRun(store, "r1");
      const seen: (readonly [number, boolean])[] = [];
      for (const [n, distinct] of ["x", "y", "x", "z", "", "x"].entries()) {
        const answer = await reserve(store, { key: `k${n}`, after: n * 100 }, [
          tally({ distinct }),
        ]);
        assert.ok(answer.kind === "reserved");
        seen.push([answer.tallies[0] ?? -1, answer.seen[0] ?? false]);
      }
      assert.deepEqual(seen, [
        [0, false],
        [1, false],
        [2, true],
        [2, false],
        [3, false],
        [4, true],
      ]);
      await store.unreserve(fence, "k3");
      const lines = [tally({ distinct: "z" }), tally({ distinct: "z", windowMs: 300 })];
      const last = await reserve(store, { key: "last", after: 600 }, lines);
      assert.ok(last.kind === "reserved");
      assert.deepEqual(
        [last.tallies, last.seen],
        [
          [3, 2],
          [false, false],
        ],
      );
    },
  },
  {
    title: "accounts are listed by scope and what lies below it, never more than asked for",
    run: async ({ store }) => {
      await startRun(store, "r1");
      const scopes = ["org/acme", "org/acme2", "org/acme/ann", "org", "org/acme/ann/x", "org/acm"];
      for (const scope of scopes) await granted(store, scope, [budget(1, 5, { scope })]);
      const names = async (scope?: string, limit?: number): Promise<readonly string[]> => {
        const filter = { ...(scope === undefined ? {} : { scope }), ...(limit && { limit }) };
        return (await store.accounts(filter)).map((account) => account.scope);
      };
      assert.deepEqual(await names(), scopes);
      assert.deepEqual(await names("org/acme"), ["org/acme", "org/acme/ann", "org/acme/ann/x"]);
      assert.deepEqual(await names("org/acme/ann/x"), ["org/acme/ann/x"]);
      assert.deepEqual(await names("or"), []);
      assert.deepEqual(await names(undefined, 2), ["org/acme", "org/acme2"]);
      assert.deepEqual(await store.accounts({ scope: "org/acm" }), [
        { scope: "org/acm", unit: "usdMicros", spent: 0, held: 1 },
      ]);
      const unknown = { scope: "org/nobody", unit: "usdMicros" };
      assert.deepEqual(await store.usage([unknown], SAMPLE_START), [{ spent: 0, held: 0 }]);
    },
  },
];

async function headOf(store: Parameters<typeof spending>[0]): Promise<{
  readonly head: number;
  readonly hash: string;
}> {
  const last = (await store.read("r1", 1)).at(-1);
  return { head: last?.seq ?? 0, hash: last?.hash ?? "" };
}
