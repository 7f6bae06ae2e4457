import assert from "node:assert/strict";
import type { ApprovalFilter } from "../journal/approval.ts";
import type { EventBody } from "../journal/event.ts";
import type { ApprovalRequested } from "../journal/governance-event.ts";
import type { JournalStore } from "../journal/store.ts";
import { finish } from "./sample-ledger.ts";
import { refusalOf, SAMPLE_START, sampleRun, startRun, write, type Pen } from "./sample-run.ts";
import { twoHandles, type StoreCase } from "./opened-store.ts";

const DAY_MS = 86_400_000;

function asking(approvalId: string, callId = "t1.c0"): ApprovalRequested {
  return {
    kind: "approval.requested",
    agent: "sample",
    approvalId,
    argsHash: "hash of the arguments",
    callHash: "hash of the call",
    callId,
    expiresAt: SAMPLE_START + DAY_MS,
    input: { cents: 100 },
    nonce: "n",
    people: ["ann"],
    question: "Pay one euro?",
    quorum: 1,
    requestedBy: ["sample"],
    rules: ["big payments"],
    tool: "pay",
  };
}

function settled(approvalId: string): EventBody {
  return { kind: "approval.settled", approvalId, decision: "approved" };
}

/** Appends these bodies, so long after the start of the sample. */
async function add(
  store: JournalStore,
  { afterMs = 1, ...pen }: Pen & { readonly afterMs?: number },
  bodies: readonly EventBody[],
): Promise<Pen> {
  const events = bodies.map((body) => ({ at: SAMPLE_START + afterMs, body }));
  const made = await store.append(pen.fence, { expected: pen.head, hash: pen.hash, events });
  return { fence: pen.fence, head: made.head, hash: made.hash };
}

/** Starts a run for a principal of a tenant. */
async function startFor(store: JournalStore, runId: string, tenant: string): Promise<Pen> {
  const { created } = sampleRun(runId);
  assert.ok(created.kind === "run.created");
  return startRun(store, runId, { created: { ...created, principal: { id: "ann", tenant } } });
}

async function idsOf(store: JournalStore, filter?: ApprovalFilter): Promise<readonly string[]> {
  return (await store.approvals(filter)).map(({ approvalId }) => approvalId);
}

/** The laws V1 and V2 of `journal/approval.ts`. */
export const APPROVAL_CASES: readonly StoreCase[] = [
  {
    title: "V1 a question opens a row, its answer settles it, for every handle at once",
    run: async (opened) => {
      const [store, other] = await twoHandles(opened);
      assert.deepEqual(await store.approvals(), []);
      const pen = await add(store, await startFor(store, "r1", "acme"), [asking("a1")]);
      const row = {
        approvalId: "a1",
        runId: "r1",
        callId: "t1.c0",
        tenant: "acme",
        tool: "pay",
        requestedAt: SAMPLE_START + 1,
        expiresAt: SAMPLE_START + DAY_MS,
        status: "open",
      };
      assert.deepEqual(await other.approval("a1"), row);
      assert.deepEqual(await other.approvals({ status: "open" }), [row]);
      await add(store, pen, [settled("a1"), settled("nobody asked")]);
      assert.deepEqual(await other.approval("a1"), { ...row, status: "settled" });
      assert.deepEqual(await other.approvals({ status: "open" }), []);
      assert.equal(await store.approval("a2"), undefined);
    },
  },
  {
    title: "V1 an append that is refused opens nothing, and a run's end leaves nothing open",
    run: async ({ store }) => {
      const pen = await startRun(store, "r1");
      const stale = { ...pen, head: 5 };
      assert.equal(await refusalOf(add(store, stale, [asking("a1")])), "sequence_conflict");
      assert.deepEqual(await store.approvals(), []);
      await add(store, await startRun(store, "r2"), [asking("b1")]);
      const asked = await add(store, pen, [asking("a1"), asking("a2", "t1.c1")]);
      await finish(store, asked);
      assert.deepEqual(await idsOf(store, { status: "open" }), ["b1"]);
      assert.deepEqual(await idsOf(store, { status: "settled" }), ["a1", "a2"]);
    },
  },
  {
    title: "V1 lists the oldest question first, by run, tenant and status",
    run: async ({ store }) => {
      const one = await startFor(store, "r1", "acme");
      const two = await startFor(store, "r2", "umbrella");
      const three = await startRun(store, "r3");
      await add(store, { ...one, afterMs: 50 }, [asking("late"), asking("late too")]);
      const pen = await add(store, { ...two, afterMs: 10 }, [asking("early")]);
      await add(store, { ...three, afterMs: 30 }, [asking("nobody's tenant")]);
      const all = ["early", "nobody's tenant", "late", "late too"];
      assert.deepEqual(await idsOf(store), all);
      assert.deepEqual(await idsOf(store, { limit: 2 }), all.slice(0, 2));
      assert.deepEqual(await idsOf(store, { limit: -1 }), []);
      assert.deepEqual(await idsOf(store, { tenant: "acme" }), ["late", "late too"]);
      assert.deepEqual(await idsOf(store, { runId: "r2" }), ["early"]);
      assert.deepEqual(await idsOf(store, { runId: "r2", tenant: "acme" }), []);
      await add(store, pen, [settled("early")]);
      assert.deepEqual(await idsOf(store, { status: "open" }), all.slice(1));
      assert.deepEqual(await idsOf(store, { runId: "r2", status: "settled" }), ["early"]);
    },
  },
  {
    title: "V2 an id belongs to its run: another can neither take it nor settle it",
    run: async ({ store }) => {
      const one = await add(store, await startRun(store, "r1"), [asking("a1")]);
      const two = await startRun(store, "r2");
      assert.equal(await refusalOf(add(store, two, [asking("a1")])), "event_invalid");
      assert.equal((await store.get("r2"))?.head, 1);
      const after = await add(store, two, [settled("a1")]);
      assert.equal((await store.approval("a1"))?.status, "open");
      assert.equal((await write(store, after, ["goes on"])).head, 3);
      await add(store, one, [settled("a1")]);
      assert.equal((await store.approval("a1"))?.status, "settled");
    },
  },
  {
    title: "V2 the same run may ask again under the same id, which opens the row anew",
    run: async ({ store }) => {
      let pen = await add(store, await startRun(store, "r1"), [asking("a1"), asking("a2")]);
      pen = await add(store, pen, [settled("a1")]);
      await add(store, pen, [{ ...asking("a1"), tool: "refund" }]);
      const again = await store.approval("a1");
      assert.deepEqual([again?.status, again?.tool], ["open", "refund"]);
      assert.deepEqual(await idsOf(store), ["a2", "a1"]);
    },
  },
];
