/**
 * Dies at a named moment of a run, so that anybody can see their worker come back from it.
 *
 * K1 A point lies between two things that are durable each on its own: it is met right before or
 *    right after an append resolves, and nothing of the process runs on behind it.
 * K2 Points are counted over all runs of the store, in the order in which this process meets them.
 * K3 Nothing is written to the journal for it: what is found later is what a real death leaves.
 */
import { existsSync, writeFileSync } from "node:fs";
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";
import type { EventBody } from "../journal/event.ts";
import { readEvents } from "../journal/read-run.ts";
import type { Append, Appended, Claimed, Fence, JournalStore } from "../journal/store.ts";

/** In the order in which a run meets them. */
export const killPoints = [
  /** The run is durable; whoever started it has not been told. */
  "after_accept",
  /** A worker took over a run that another one had. */
  "after_takeover",
  /** The model has answered; nobody knows. */
  "before_decision",
  /** The answer is durable. */
  "after_decision",
  /** The effect is claimed and has not begun. */
  "before_effect",
  /** The effect has happened, its receipt is not durable. */
  "after_effect",
  /** The receipt is durable; the model has not been told. */
  "after_receipt",
  /** The run is parked and waits. */
  "while_parked",
  /** All is done but the last commit. */
  "before_finish",
  /** The outcome is durable; nobody has been told. */
  "after_finish",
] as const;

export type KillPoint = (typeof killPoints)[number];

export interface KillAt {
  readonly at: KillPoint;
  /** Which of these points, counted from 1; the first when left out. */
  readonly nth?: number;
}

export interface KillOptions extends KillAt {
  /**
   * In place of SIGKILL to this process. Whatever it does, the store is dead behind it: what was
   * asked of it and what is asked from now on never resolves, `close` excepted.
   */
  readonly kill?: () => void;
}

/**
 * The store with a death in it. Only what the interface names passes through; a transaction of
 * its own that an effect shares with the store does not lie between two points.
 */
export function withKillPoint(store: JournalStore, options: KillOptions): JournalStore {
  const { at, nth = 1, kill = killProcess } = options;
  if (!killPoints.includes(at) || !Number.isSafeInteger(nth) || nth < 1) {
    throw refused(`${at}:${nth}`);
  }
  const { pass, alive } = deathWatch(kill, { at, nth });
  const claims = openClaims();
  const append = async (fence: Fence, given: Append): Promise<Appended> => {
    const met = claims.meet(fence.runId, given);
    await pass(met.before);
    const appended = await store.append(fence, given);
    await pass(appended.status === "parked" ? [...met.after, "while_parked"] : met.after);
    return appended;
  };
  const claim = async (...given: Parameters<JournalStore["claim"]>): Promise<Claimed> => {
    const claimed = await store.claim(...given);
    if (claimed.kind !== "claimed" || claimed.fence.epoch === 1) return claimed;
    await claims.recall(store, claimed.fence.runId);
    await pass(["after_takeover"]);
    return claimed;
  };
  return {
    durability: store.durability,
    limits: store.limits,
    create: (run) =>
      alive(async () => {
        const created = await store.create(run);
        if (created.kind === "created") await pass(["after_accept"]);
        return created;
      }),
    append: (fence, given) => alive(() => append(fence, given)),
    claim: (runId, request) => alive(() => claim(runId, request)),
    extend: (fence, untilMs) => alive(() => store.extend(fence, untilMs)),
    release: (fence) => alive(() => store.release(fence)),
    post: (runId, entry) => alive(() => store.post(runId, entry)),
    read: (runId, fromSeq, limit) => alive(() => store.read(runId, fromSeq, limit)),
    readBlob: (sha256) => alive(() => store.readBlob(sha256)),
    get: (runId) => alive(() => store.get(runId)),
    list: (filter) => alive(() => store.list(filter)),
    nextWake: () => alive(() => store.nextWake()),
    inbox: (runId, afterId) => alive(() => store.inbox(runId, afterId)),
    reserve: (reservation) => alive(() => store.reserve(reservation)),
    unreserve: (fence, key) => alive(() => store.unreserve(fence, key)),
    usage: (accounts, moment) => alive(() => store.usage(accounts, moment)),
    accounts: (filter) => alive(() => store.accounts(filter)),
    approvals: (filter) => alive(() => store.approvals(filter)),
    approval: (approvalId) => alive(() => store.approval(approvalId)),
    circuit: (scope) => alive(() => store.circuit(scope)),
    circuits: () => alive(() => store.circuits()),
    swapCircuit: (next, version) => alive(() => store.swapCircuit(next, version)),
    close: () => store.close(),
  };
}

/**
 * The store as `BRIDLE_KILL_AT` wants it: `after_effect:3` dies at the third such point; without
 * the variable the store is handed back as it is. With `BRIDLE_KILL_ONCE=FILE` the death leaves
 * this file, and with the file there nobody dies: for workers that are started again with the
 * same environment. Throws `input_invalid` for a point that does not exist.
 */
export function killPointFromEnv(
  store: JournalStore,
  env: Readonly<Record<string, string | undefined>> = process.env,
): JournalStore {
  const { BRIDLE_KILL_AT: text = "", BRIDLE_KILL_ONCE: mark = "" } = env;
  if (text === "") return store;
  const killAt = parseKillPoint(text);
  if (mark === "") return withKillPoint(store, killAt);
  if (existsSync(mark)) return store;
  const kill = (): void => {
    writeFileSync(mark, `${text}\n`);
    killProcess();
  };
  return withKillPoint(store, { ...killAt, kill });
}

/** Reads `after_effect` or `after_effect:3`. Throws `input_invalid`, which says what to write. */
export function parseKillPoint(text: string): KillAt & { readonly nth: number } {
  const [, name = "", digits = "1"] = /^([a-z_]+)(?::([1-9][0-9]{0,8}))?$/.exec(text) ?? [];
  const at = killPoints.find((point) => point === name);
  if (at === undefined) throw refused(text, name);
  return { at, nth: Number(digits) };
}

interface DeathWatch {
  /** Dies when the wanted point is among these and it is its turn. */
  readonly pass: (points: readonly KillPoint[]) => Promise<void>;
  /** What the dead are asked for never comes. */
  readonly alive: <T>(act: () => Promise<T>) => Promise<T>;
}

function deathWatch(kill: () => void, { at, nth }: Required<KillAt>): DeathWatch {
  let met = 0;
  let isDead = false;
  const never = (): Promise<never> => new Promise(() => undefined);
  return {
    pass: async (points) => {
      if (isDead) await never();
      if (!points.includes(at)) return;
      met += 1;
      if (met !== nth) return;
      isDead = true;
      kill();
      await never();
    },
    alive: async (act) => {
      if (isDead) await never();
      const answer = await act();
      if (isDead) await never();
      return answer;
    },
  };
}

interface OpenClaims {
  /** The points that lie before and after this append. */
  meet(
    runId: string,
    append: Append,
  ): { readonly before: readonly KillPoint[]; readonly after: readonly KillPoint[] };
  /** Takes note of what workers before this one have claimed. */
  recall(store: JournalStore, runId: string): Promise<void>;
}

/** Reads have no claim: what ends without one is no effect. */
function openClaims(): OpenClaims {
  const open = new Set<string>();
  const note = (runId: string, body: EventBody): boolean => {
    if (body.kind === "call.claimed") open.add(`${runId} ${body.callId}`);
    return body.kind === "call.completed" && open.delete(`${runId} ${body.callId}`);
  };
  return {
    meet: (runId, { events, after: becomes }) => {
      const before: KillPoint[] = [];
      const after: KillPoint[] = [];
      const kinds = new Set(events.map(({ body }) => body.kind));
      // Each event is noted: a claim and its receipt may ride in one append.
      const receipts = events.filter(({ body }) => note(runId, body)).length;
      if (receipts > 0) before.push("after_effect");
      if (kinds.has("model.answered")) before.push("before_decision");
      if (becomes?.status === "finished") before.push("before_finish");
      if (receipts > 0) after.push("after_receipt");
      if (kinds.has("model.answered")) after.push("after_decision");
      if (kinds.has("call.claimed")) after.push("before_effect");
      if (becomes?.status === "finished") after.push("after_finish");
      return { before, after };
    },
    recall: async (store, runId) => {
      for (const event of await readEvents(store, runId)) note(runId, event);
    },
  };
}

/** SIGKILL runs no handler: no callback, no timer, no cleaning up. */
function killProcess(): void {
  process.kill(process.pid, "SIGKILL");
}

function refused(text: string, name = text): BridleError {
  return new BridleError("input_invalid", `"${text}" is no point at which to die.`, {
    hint: `Write a point and which of them, as after_effect:3. ${didYouMean(name, killPoints)}`,
  });
}
