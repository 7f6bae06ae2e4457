/** The ledger's arithmetic, shared by every store so that two cannot disagree (laws U1 to U9). */
import { BridleError } from "../std/error.ts";
import { sha256 } from "../std/hash.ts";
import { SLOTS, TALLY, type Line, type RateLine, type Reservation } from "./ledger.ts";
import type { Reserved, Settlement, Spending } from "./ledger.ts";

/** No amount and no account goes past it. */
export const AMOUNT_MAX: number = Number.MAX_SAFE_INTEGER;

/** Lines of one reservation. */
const LINES_MAX = 64;
/** Windows that one account keeps count of; past that the one least recently asked for goes. */
export const WINDOWS_MAX = 8;
/** Entries looked at for when a window has room; what lies further is answered by the last. */
export const LOOK_MAX = 1_000;
/** Characters of a key, a scope, a unit. */
const NAME_MAX = 500;

/** What one reservation adds to one account. */
export interface Entry {
  readonly scope: string;
  readonly unit: string;
  readonly amount: number;
  /** Digest of the value that a distinct tally counts. */
  readonly value: string | null;
  /** The windows that its lines name. */
  readonly windows: readonly number[];
}

/** A reservation by account. */
export interface Plan {
  readonly entries: readonly Entry[];
  readonly rates: readonly RateLine[];
  /** For each line the number of its entry, or -1 minus the number of its rate. */
  readonly places: readonly number[];
}

/** What an account holds before an entry, at the entry's time. */
export interface Count {
  /** Spent and held; of slots what is held. */
  readonly total: number;
  within(windowMs: number): number;
  /** How many values, and whether the entry's own is one of them. */
  distinct(windowMs: number): { readonly count: number; readonly seen: boolean };
  /** When so much of what counts in the window has fallen out; looks at `LOOK_MAX` entries. */
  roomAt(windowMs: number, amount: number): number;
}

/** Tokens at a moment; below zero when more was used than reserved. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export type Decided =
  | Extract<Reserved, { kind: "denied" }>
  | {
      readonly kind: "granted";
      readonly tallies: readonly number[];
      readonly seen: readonly boolean[];
      /** For each rate of the plan, what is left. */
      readonly buckets: readonly Bucket[];
    };

/** Gathers the lines by account; whatever is no amount, name or window is refused (U7). */
export function planReservation({ key, at, lines }: Reservation): Plan {
  checkName("key", key);
  if (!isAmount(at)) throw invalid(`The time ${at} is no whole number of milliseconds`);
  if (lines.length > LINES_MAX) throw invalid(`${lines.length} lines in one reservation`);
  const entries: Entry[] = [];
  const rates: RateLine[] = [];
  const places = lines.map((line): number => {
    checkLine(line);
    if (line.kind === "rate") {
      if (rates.some(({ scope }) => scope === line.scope)) throw invalid("Two rates of one scope");
      return -rates.push(line);
    }
    const entry = entryOf(line);
    const known = entries.findIndex((e) => e.scope === entry.scope && e.unit === entry.unit);
    const before = entries[known];
    if (before === undefined) return entries.push(entry) - 1;
    entries[known] = mergeEntries(before, entry);
    return known;
  });
  return { entries, rates, places };
}

function entryOf(line: Exclude<Line, RateLine>): Entry {
  const { scope } = line;
  switch (line.kind) {
    case "budget": {
      const windows = line.windowMs === undefined ? [] : [line.windowMs];
      return { scope, unit: line.unit, amount: line.amount, value: null, windows };
    }
    case "slot":
      return { scope, unit: SLOTS, amount: 1, value: null, windows: [] };
    case "tally":
    default: {
      const value = line.distinct === undefined ? null : sha256(line.distinct);
      return { scope, unit: TALLY, amount: line.amount, value, windows: [line.windowMs] };
    }
  }
}

function mergeEntries(one: Entry, other: Entry): Entry {
  const { scope, unit, amount } = one;
  const value = one.value ?? other.value;
  if (amount !== other.amount || (other.value !== null && other.value !== value)) {
    throw invalid(`The lines of ${scope} ${unit} do not agree on what is counted`);
  }
  const windows = [...new Set([...one.windows, ...other.windows])];
  if (windows.length > WINDOWS_MAX) throw invalid(`More than ${WINDOWS_MAX} windows of ${scope}`);
  return { scope, unit, amount, value, windows };
}

function checkLine(line: Line): void {
  checkName("scope", line.scope);
  switch (line.kind) {
    case "budget":
      checkName("unit", line.unit);
      if (line.unit === SLOTS || line.unit === TALLY) {
        throw invalid(`The unit "${line.unit}" is the ledger's own`);
      }
      checkAmounts({ amount: line.amount, max: line.max === null ? 0 : line.max });
      if (line.windowMs !== undefined) checkWindow(line.windowMs);
      return;
    case "rate":
      checkAmounts({ amount: line.amount, capacity: line.capacity });
      if (!Number.isFinite(line.refillPerMs) || line.refillPerMs < 0) {
        throw invalid(`A refill of ${line.refillPerMs}`);
      }
      return;
    case "slot":
      checkAmounts({ max: line.max });
      return;
    case "tally":
      checkAmounts({ amount: line.amount });
      checkWindow(line.windowMs);
      return;
    default:
      // Callers in plain JavaScript have no types to stop them.
      throw invalid("A line of an unknown kind");
  }
}

function checkAmounts(amounts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(amounts)) {
    if (!isAmount(value)) throw invalid(`The ${name} ${value}`);
  }
}

function checkWindow(windowMs: number): void {
  if (!isAmount(windowMs) || windowMs === 0) throw invalid(`A window of ${windowMs} ms`);
}

function checkName(what: string, name: string): void {
  const isName = typeof name === "string" && name !== "" && name.length <= NAME_MAX;
  if (!isName || name.includes("\0") || !name.isWellFormed()) {
    throw invalid(`A ${what} must be text of 1 to ${NAME_MAX} characters`);
  }
}

function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function invalid(message: string): BridleError {
  return new BridleError("limit_invalid", `Not a reservation: ${message}`, {
    hint:
      "Amounts are whole numbers from 0 to 2^53-1: count money in micro-units. Windows are whole " +
      `milliseconds; a reservation has at most ${LINES_MAX} lines.`,
  });
}

/** When a reservation is dated, given the newest times of its accounts and buckets (U8). */
export function dateOf(at: number, seen: readonly (number | undefined)[]): number {
  return Math.max(at, ...seen.map((time) => time ?? 0));
}

export interface Question {
  readonly lines: readonly Line[];
  readonly plan: Plan;
  /** When it is dated. */
  readonly at: number;
  /** For each entry of the plan. */
  readonly counts: readonly Count[];
  /** For each rate of the plan; undefined when nothing was ever taken. */
  readonly buckets: readonly (Bucket | undefined)[];
}

/** Whether every line has room; the first that has none denies all (U1, U2). */
export function decideReservation(question: Question): Decided {
  const tallies: number[] = [];
  const seen: boolean[] = [];
  const buckets: Bucket[] = [];
  const { lines, plan, at } = question;
  for (const [index, line] of lines.entries()) {
    const place = plan.places[index] ?? 0;
    const said =
      line.kind === "rate"
        ? decideRate(line, question.buckets[-1 - place], at)
        : decideCount(line, plan.entries[place], question.counts[place]);
    if (said.kind === "full") {
      const { used, max, retryAt } = said;
      return { kind: "denied", line: index, used, max, ...(retryAt === null ? {} : { retryAt }) };
    }
    tallies.push(said.used);
    seen.push(said.seen);
    if (said.bucket !== null) buckets.push(said.bucket);
  }
  return { kind: "granted", tallies, seen, buckets };
}

type Room =
  | { readonly kind: "full"; used: number; max: number; retryAt: number | null }
  | { readonly kind: "room"; used: number; seen: boolean; bucket: Bucket | null };

function decideCount(line: Exclude<Line, RateLine>, entry?: Entry, count?: Count): Room {
  if (entry === undefined || count === undefined) throw invalid("A line without its account");
  const { amount } = entry;
  const { total } = count;
  if (amount > AMOUNT_MAX - total) {
    return { kind: "full", used: total, max: AMOUNT_MAX, retryAt: null };
  }
  if (line.kind === "tally") {
    const distinct = line.distinct === undefined ? null : count.distinct(line.windowMs);
    const used = distinct?.count ?? count.within(line.windowMs);
    return { kind: "room", used, seen: distinct?.seen ?? false, bucket: null };
  }
  const windowMs = line.kind === "budget" ? line.windowMs : undefined;
  const used = windowMs === undefined ? total : count.within(windowMs);
  if (line.max === null || amount <= line.max - used) {
    return { kind: "room", used, seen: false, bucket: null };
  }
  // Time helps only where entries fall out, and where the amount fits at all.
  const isHopeless = windowMs === undefined || amount > line.max;
  const retryAt = isHopeless ? null : count.roomAt(windowMs, used + amount - line.max);
  return { kind: "full", used, max: line.max, retryAt };
}

/** A token bucket that was never used is full. */
function decideRate(line: RateLine, bucket: Bucket | undefined, at: number): Room {
  const { capacity, refillPerMs, amount } = line;
  const before = bucket ?? { tokens: capacity, at };
  const tokens = Math.min(capacity, before.tokens + (at - before.at) * refillPerMs);
  const used = Math.min(AMOUNT_MAX, Math.max(0, Math.ceil(capacity - tokens)));
  if (tokens >= amount) {
    return { kind: "room", used, seen: false, bucket: { tokens: tokens - amount, at } };
  }
  return { kind: "full", used, max: capacity, retryAt: refilledAt(line, before) };
}

/** The first millisecond at which the bucket holds the amount, reckoned as `decideRate` will. */
function refilledAt({ capacity, refillPerMs, amount }: RateLine, before: Bucket): number | null {
  if (amount > capacity || refillPerMs === 0) return null;
  let waitMs = Math.ceil((amount - before.tokens) / refillPerMs);
  for (let step = 1; before.tokens + waitMs * refillPerMs < amount; step *= 2) {
    if (!isAmount(before.at + waitMs)) return null;
    // Division and product round differently.
    waitMs += step;
  }
  return isAmount(before.at + waitMs) ? before.at + waitMs : null;
}

/** What was really used of an entry or a rate: the most that one of its lines says (U4). */
export function actualOf(
  settlement: Settlement | null,
  places: readonly number[],
  own: { readonly place: number; readonly amount: number },
): number {
  let actual: number | null = null;
  for (const [line, place] of places.entries()) {
    const said = place === own.place ? (settlement?.actual?.[line] ?? null) : null;
    // Never refused, never less than can be understood: a fraction counts up, nonsense as reserved.
    if (typeof said !== "number" || !(said >= 0)) continue;
    actual = Math.max(actual ?? 0, Math.min(AMOUNT_MAX, Math.ceil(said)));
  }
  return actual ?? own.amount;
}

/** An account or a window after `held` became `spent`; the sum stays a whole number. */
export function settleSpending(
  before: Spending,
  { held, spent }: { readonly held: number; readonly spent: number },
): Spending {
  const left = Math.max(0, before.held - held);
  return { held: left, spent: Math.min(AMOUNT_MAX - left, before.spent + spent) };
}

export function terminalError(runId: string): BridleError {
  return new BridleError("run_terminal", `Run ${runId} has ended and reserves nothing more`, {
    hint: "Reserve before the run finishes; what it did after its end is not the run's.",
  });
}

/** True for a scope and what lies below it: "org/acme" covers "org/acme/ann". */
export function coversScope(above: string, scope: string): boolean {
  return scope === above || scope.startsWith(`${above}/`);
}
