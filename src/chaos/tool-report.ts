/**
 * What the faults of a proxy led to.
 *
 * Y1 A request is taken for a retry of an earlier one that a fault struck when method and target
 *    are the same, and the idempotency key or, without a common key, the body. Each struck request
 *    is retried at most once: a retry that is struck counts for the next.
 * Y2 What is counted is what the service said: a write that it answered with success has happened.
 */
import { sha256 } from "../std/hash.ts";
import { isSuccess, isWrite, type ToolRequest } from "./tool-answer.ts";

export interface ToolFaultCounts {
  /** Requests it struck. */
  readonly injected: number;
  /** Calls of the service in these requests. */
  readonly upstreamCalls: number;
  /** Writes that the service did, of which the client was not told so. */
  readonly committedThoughFailed: number;
  /** Of the struck requests, those that the client made again. */
  readonly retried: number;
  /** Of the retried: under the same idempotency key. */
  readonly retriedWithKey: number;
  /** Writes made again after the service had done them, under no key or another: done twice. */
  readonly retriedWithoutKey: number;
}

export interface ToolProxyReport {
  readonly requests: number;
  readonly upstreamCalls: number;
  /** Calls that the service itself left without a usable answer. */
  readonly upstreamFailures: number;
  /** Requests that came before the time which `retry-after` had named. */
  readonly tooEarly: number;
  /** By name, those that struck. A request that several struck counts for each. */
  readonly faults: Readonly<Record<string, ToolFaultCounts>>;
}

/** One request, when its answer is over. Headers and bodies are not told: they hold secrets. */
export interface ToolExchange {
  readonly method: string;
  /** The path, and of the query only the names: `/orders/7?full=…`. */
  readonly target: string;
  readonly key: string | undefined;
  /** The faults that struck. */
  readonly faults: readonly string[];
  readonly upstreamCalls: number;
  /** What the service answered last; null when it was not called or did not answer. */
  readonly upstreamStatus: number | null;
  /** A write that the service answered with success. */
  readonly isCommitted: boolean;
  /** A fault struck after which the client cannot know that the service acted. */
  readonly isHidden: boolean;
  /** The client got an answer in order, and none that hides. */
  readonly isTold: boolean;
  readonly ms: number;
}

type Counts = { -readonly [Member in keyof ToolFaultCounts]: number };

export interface Struck {
  readonly faults: readonly string[];
  readonly upstreamCalls: number;
  readonly isCommitted: boolean;
  /** The client cannot learn from its answer that the service acted. */
  readonly isHidden: boolean;
}

/** A request that was struck and not made again yet. */
interface Open extends Struck {
  readonly key: string | undefined;
  readonly marks: readonly string[];
}

/** Struck requests whose retry is looked for; the oldest is given up first. */
const OPEN_MAX = 10_000;

export interface ToolTally {
  /** Before anything else happens to a request. */
  arrived(request: ToolRequest): void;
  cameTooEarly(): void;
  /** The service was called; it failed when it left no usable answer. */
  called(hasFailed: boolean): void;
  /** Before the client is told anything: a retry may come before the answer is over. */
  struck(request: ToolRequest, struck: Struck): void;
  /** A client that left, or was cut off, was told nothing either. */
  ended(exchange: ToolExchange): void;
  report(): ToolProxyReport;
}

export function toolTally(): ToolTally {
  const faults = new Map<string, Counts>();
  const open = new Map<string, Open>();
  const totals = { requests: 0, upstreamCalls: 0, upstreamFailures: 0, tooEarly: 0 };
  return {
    arrived: (request) => {
      totals.requests += 1;
      const before = takeOpen(open, request);
      if (before === undefined) return;
      const hasSameKey = before.key !== undefined && before.key === request.key;
      for (const name of before.faults) {
        const counts = countsOf(faults, name);
        counts.retried += 1;
        if (hasSameKey) counts.retriedWithKey += 1;
        else if (before.isCommitted) counts.retriedWithoutKey += 1;
      }
    },
    cameTooEarly: () => {
      totals.tooEarly += 1;
    },
    called: (hasFailed) => {
      totals.upstreamCalls += 1;
      if (hasFailed) totals.upstreamFailures += 1;
    },
    struck: (request, struck) => {
      for (const name of struck.faults) {
        const counts = countsOf(faults, name);
        counts.injected += 1;
        counts.upstreamCalls += struck.upstreamCalls;
        if (struck.isCommitted && struck.isHidden) counts.committedThoughFailed += 1;
      }
      if (struck.faults.length > 0) addOpen(open, request, struck);
    },
    ended: ({ faults: names, isCommitted, isTold, isHidden }) => {
      if (!isCommitted || isTold || isHidden) return;
      for (const name of names) countsOf(faults, name).committedThoughFailed += 1;
    },
    report: () => ({
      ...totals,
      faults: Object.fromEntries(faults.entries().map(([name, counts]) => [name, { ...counts }])),
    }),
  };
}

/** Keys are passed in queries, too. A part without a name may be one as a whole. */
export function withoutValues(target: string): string {
  const mark = target.indexOf("?");
  if (mark === -1) return target;
  const parts = target.slice(mark + 1).split("&");
  const shown = parts.map((part) => (part.includes("=") ? `${part.split("=", 1)[0]}=…` : "…"));
  return `${target.slice(0, mark)}?${shown.join("&")}`;
}

/** Whether the service did what this request asked for. */
export function isCommit(request: ToolRequest, status: number | null): boolean {
  return isWrite(request) && status !== null && isSuccess(status);
}

function countsOf(faults: Map<string, Counts>, name: string): Counts {
  const known = faults.get(name);
  if (known !== undefined) return known;
  const fresh: Counts = {
    injected: 0,
    upstreamCalls: 0,
    committedThoughFailed: 0,
    retried: 0,
    retriedWithKey: 0,
    retriedWithoutKey: 0,
  };
  faults.set(name, fresh);
  return fresh;
}

function addOpen(open: Map<string, Open>, request: ToolRequest, struck: Struck): void {
  const marks = marksOf(request);
  for (const mark of marks) {
    open.delete(mark);
    open.set(mark, { ...struck, key: request.key, marks });
  }
  for (const oldest of open.keys()) {
    if (open.size <= OPEN_MAX) break;
    open.delete(oldest);
  }
}

function takeOpen(open: Map<string, Open>, request: ToolRequest): Open | undefined {
  const mark = marksOf(request).find((candidate) => open.has(candidate));
  const found = mark === undefined ? undefined : open.get(mark);
  for (const own of found?.marks ?? []) open.delete(own);
  return found;
}

/**
 * By the key first: a client may write the time into a body that it sends again. As hashes: what is
 * remembered must not depend in size on what clients write.
 */
function marksOf({ method, target, key, body }: ToolRequest): readonly string[] {
  const what = `${method} ${target}`;
  const content = sha256(`${what} body ${sha256(body)}`);
  return key === undefined ? [content] : [sha256(`${what} key ${key}`), content];
}
