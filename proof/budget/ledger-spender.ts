/** Runs that use the ledger by hand: nothing of an agent between the proof and the store. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Line } from "../../src/journal/ledger.ts";
import type { Append } from "../../src/journal/store.ts";
import { saying, textsOf } from "../../src/testing/sample-run.ts";
import { spend } from "./counter.ts";
import { limitName, linesOf, planOf, type Act, type Limit, type RunPlan } from "./plan.ts";
import type { Claimed, Spender } from "./spender.ts";

/** The first wait for a slot, and the longest; a thousand runs ask for a few of them. */
const WAIT_MS = 100;
const WAIT_MAX_MS = 2_500;
const JITTER_MS = 100;

/** What all runs of this process have in common. */
interface Desk {
  readonly counterUrl: string;
  readonly limits: ReadonlyMap<string, Limit>;
  readonly denied: Record<string, number>;
  repeats: number;
  givenBack: number;
}

/** A run on its way: the pen moves with each append. */
interface Work {
  readonly desk: Desk;
  readonly plan: RunPlan;
  pen: Claimed;
}

export function ledgerSpender(counterUrl: string, limits: readonly Limit[]): Spender {
  const byName = new Map(limits.map((limit) => [limitName(limit), limit]));
  const desk: Desk = { counterUrl, limits: byName, denied: {}, repeats: 0, givenBack: 0 };
  return {
    drive: (pen) => drive({ desk, plan: planOf(pen.fence.runId), pen }),
    tally: () => ({
      denied: { ...desk.denied },
      repeats: desk.repeats,
      givenBack: desk.givenBack,
    }),
  };
}

/** Carries out what is not in the journal yet, until all is done or something has no room. */
async function drive(work: Work): Promise<void> {
  const { plan, pen } = work;
  const done = new Set(await textsOf(pen.store, plan.runId));
  let isDenied = false;
  for (const act of plan.acts) {
    if (isDenied || done.has(act.name)) continue;
    isDenied = !(await carryOut(work, act));
  }
  const outcome = isDenied ? "failed_recoverable" : "succeeded";
  const reason = { code: "stop_condition", message: isDenied ? "no room" : "all done" } as const;
  const body = { kind: "run.finished", inDoubt: [], outcome, reason, text: null } as const;
  await append(work, {
    events: [{ at: Date.now(), body }],
    after: { status: "finished", outcome },
  });
}

/** False when there was no room and never will be. */
async function carryOut(work: Work, act: Act): Promise<boolean> {
  const { plan, pen, desk } = work;
  const attempt = `${act.name}@${pen.fence.epoch}`;
  if (act.isHesitant) {
    if ((await reserveBoth(work, act, attempt)) === null) return false;
    await giveBack(work, act, attempt);
  }
  const reservedAt = await reserveBoth(work, act, attempt);
  if (reservedAt === null) return false;
  const price = await spend(desk.counterUrl, {
    act: `${plan.runId}/${act.name}`,
    attempt: `${plan.runId}/${attempt}`,
    bound: act.bound,
    tool: act.tool,
    isKeyed: act.isKeyed,
    user: plan.user,
    run: `run/${plan.runId}`,
    reservedAt,
  });
  // Money follows the slot in the act's own reservation, and stands first in an attempt's.
  const actual = act.isKeyed ? [null, price, price, price] : [price, price, price];
  const paid = { key: act.isKeyed ? act.name : attempt, actual };
  // Attempts of processes that died may have spent: they stay as they were reserved.
  const attempts = Array.from({ length: pen.fence.epoch }, (_, n) => `${act.name}@${n + 1}`);
  const settle = [paid, ...[act.name, ...attempts].map((key) => ({ key }))];
  const events = [{ at: Date.now(), body: saying(act.name) }];
  await append(work, { events, ...(act.isForgotten ? {} : { settle }) });
  return true;
}

/** When the attempt is dated; null when there is no room and never will be. */
async function reserveBoth(work: Work, act: Act, attempt: string): Promise<number | null> {
  const lines = linesOf(work.plan, act, work.desk.limits);
  const own = await reserve(work, act.name, lines.act);
  return own === null ? null : reserve(work, attempt, lines.attempt);
}

/** Asks until there is room, as long as waiting helps. */
async function reserve(work: Work, key: string, lines: readonly Line[]): Promise<number | null> {
  const { desk, pen, plan } = work;
  for (let waitMs = WAIT_MS; ; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
    const at = Date.now();
    const answer = await pen.store.reserve({ key, runId: plan.runId, at, lines });
    if (answer.kind === "reserved") {
      if (answer.isRepeat) desk.repeats += 1;
      return answer.at;
    }
    const why = reasonOf(lines[answer.line]);
    desk.denied[why] = (desk.denied[why] ?? 0) + 1;
    if (why !== "slot" && why !== "window") return null;
    const roomInMs = (answer.retryAt ?? at + waitMs * (0.5 + Math.random())) - at;
    await sleep(roomInMs + Math.random() * JITTER_MS);
  }
}

function reasonOf(line: Line | undefined): string {
  if (line?.kind !== "budget") return line?.kind ?? "nothing";
  return line.windowMs === undefined ? (line.scope.split("/")[0] ?? "") : "window";
}

/** What a process that died may have spent under the act's key is not given back. */
async function giveBack({ desk, pen }: Work, act: Act, attempt: string): Promise<void> {
  await pen.store.unreserve(pen.fence, attempt);
  if (pen.fence.epoch === 1) await pen.store.unreserve(pen.fence, act.name);
  desk.givenBack += 1;
}

async function append(
  work: Work,
  more: Pick<Append, "events" | "after" | "settle">,
): Promise<void> {
  const { store, fence, head, hash } = work.pen;
  const made = await store.append(fence, { expected: head, hash, ...more });
  work.pen = { store, fence, head: made.head, hash: made.hash };
}
