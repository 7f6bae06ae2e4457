/** What was really spent, as the world outside counted it, against the limits and the ledger. */
import { SLOTS } from "../../src/journal/ledger.ts";
import type { JournalStore } from "../../src/journal/store.ts";
import type { Counted, Spend } from "./counter.ts";
import { CALLS, MONEY, ORG, type Limit } from "./plan.ts";

export interface Findings {
  /** Limits that were held against real spending. */
  readonly limits: number;
  /** Those that were exceeded, by name. */
  readonly exceeded: readonly string[];
  /** Accounts in which less is recorded than was really spent. */
  readonly unrecorded: readonly string[];
  /** Accounts in which something is held although every run has ended. */
  readonly leftHeld: readonly string[];
  readonly spentReal: number;
  readonly spentRecorded: number;
  /** The fullest that a limit of this kind was, from 0 to 1. */
  readonly fullest: Readonly<Record<"org" | "user" | "run" | "window" | "slot", number>>;
}

export async function checkSpending(
  store: JournalStore,
  limits: readonly Limit[],
  counted: Counted,
): Promise<Findings> {
  const exceeded: string[] = [];
  const unrecorded: string[] = [];
  const leftHeld: string[] = [];
  const fullest = { org: 0, user: 0, run: 0, window: 0, slot: 0 };
  const byScope = groupSpends(counted.spends);
  const recorded = await store.usage(limits, Date.now());
  for (const limit of limits) {
    const { scope, unit, max } = limit;
    const name = `${scope} ${unit}`;
    const used = usedOf(limit, byScope.get(scope) ?? [], counted);
    if (used > max) exceeded.push(`${name}: ${used} of ${max}`);
    const kind = kindOf(limit);
    fullest[kind] = Math.max(fullest[kind], used / max);
  }
  const [totals, accounts] = [new Map<string, number>(), await store.accounts({ limit: 10_000 })];
  for (const { scope, unit, spent, held } of accounts) {
    totals.set(`${scope} ${unit}`, spent);
    if (held !== 0) leftHeld.push(`${scope} ${unit}: ${held}`);
  }
  for (const { scope, unit } of limits) {
    if (unit === SLOTS) continue;
    const real = sumOf(byScope.get(scope) ?? [], unit);
    const said = totals.get(`${scope} ${unit}`) ?? 0;
    if (said < real) unrecorded.push(`${scope} ${unit}: ${said} of ${real}`);
  }
  return {
    limits: recorded.length,
    exceeded,
    unrecorded,
    leftHeld,
    spentReal: sumOf(byScope.get(ORG) ?? [], MONEY),
    spentRecorded: totals.get(`${ORG} ${MONEY}`) ?? 0,
    fullest,
  };
}

function groupSpends(spends: readonly Spend[]): ReadonlyMap<string, readonly Spend[]> {
  const groups = new Map<string, Spend[]>();
  for (const spend of spends) {
    for (const scope of [ORG, spend.user, spend.run]) {
      const group = groups.get(scope);
      if (group === undefined) groups.set(scope, [spend]);
      else group.push(spend);
    }
  }
  return groups;
}

function usedOf(limit: Limit, spends: readonly Spend[], { busiest }: Counted): number {
  if (limit.unit === SLOTS) return busiest[limit.scope.slice("tool/".length)] ?? 0;
  if (limit.windowMs === undefined) return sumOf(spends, limit.unit);
  return mostWithin(spends, limit.windowMs);
}

function sumOf(spends: readonly Spend[], unit: string): number {
  return spends.reduce((sum, { price }) => sum + (unit === CALLS ? 1 : price), 0);
}

/** The most attempts that any window of this length holds, by the dates of their reservations. */
function mostWithin(spends: readonly Spend[], windowMs: number): number {
  const times = spends.map(({ reservedAt }) => reservedAt).toSorted((one, other) => one - other);
  let most = 0;
  let first = 0;
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function kindOf({ scope, unit, windowMs }: Limit): keyof Findings["fullest"] {
  if (unit === SLOTS) return "slot";
  if (windowMs !== undefined) return "window";
  if (scope === ORG) return "org";
  return scope.startsWith("run/") ? "run" : "user";
}
