/** What the world billed, against every limit that was set and against the ledger. */
import type { JournalStore, RunState } from "../../../src/index.ts";
import type { Bill, Counted } from "./world.ts";
import {
  INPUT_TOKENS_MAX,
  LOOK_RATE,
  PAYS_MAX,
  PLACES,
  planOf,
  PRICE,
  runBudgets,
  sharedOf,
  TENANTS,
} from "./plan.ts";

export interface Findings {
  /** Limits that were held against what the world counted. */
  readonly limits: number;
  readonly exceeded: readonly string[];
  readonly unrecorded: readonly string[];
  readonly leftHeld: readonly string[];
  /** Micro-dollars. */
  readonly billed: number;
  readonly recorded: number;
  /** The fullest that a limit of a kind was, from 0 to 1. */
  readonly fullest: Readonly<Record<string, number>>;
}

/**
 * Between the date of a reservation and the request it was made for: a worker may have been
 * stopped meanwhile. The world's clock can tell no window closer than that.
 */
const SKEW_MS = 6_500;

type Unit = "usdMicros" | "inputTokens" | "outputTokens";

interface Limit {
  readonly kind: string;
  readonly name: string;
  readonly used: number;
  readonly max: number;
}

export async function checkWorld(
  store: JournalStore,
  states: ReadonlyMap<number, RunState>,
  counted: Counted,
): Promise<Findings> {
  const byScope = groupBills(counted.bills, states);
  const limits = [
    ...sharedLimits(byScope, states.size),
    ...[...states].flatMap(([n, state]) => runLimits(n, state, { byScope, counted })),
    ...toolLimits(counted),
  ];
  const fullest: Record<string, number> = {};
  for (const { kind, used, max } of limits) {
    fullest[kind] = Math.max(fullest[kind] ?? 0, used / max);
  }
  const unrecorded: string[] = [];
  const leftHeld: string[] = [];
  const seen = new Set<string>();
  let recorded = 0;
  for (const { scope, unit, spent, held } of await store.accounts({ limit: 10_000 })) {
    const real = isModelUnit(unit) ? sumOf(byScope.get(scope) ?? [], unit) : 0;
    if (spent < real) unrecorded.push(`${scope} ${unit}: ${spent} of ${real}`);
    if (held !== 0) leftHeld.push(`${scope} ${unit}: ${held}`);
    if (scope.startsWith("org/") && unit === "usdMicros") recorded += spent;
    seen.add(scope);
  }
  // What was billed and has no account at all.
  for (const scope of byScope.keys()) if (!seen.has(scope)) unrecorded.push(scope);
  return {
    limits: limits.length,
    exceeded: limits.filter(({ used, max }) => used > max).map(describe),
    unrecorded,
    leftHeld,
    billed: sumOf(counted.bills, "usdMicros"),
    recorded,
    fullest,
  };
}

function describe({ name, used, max }: Limit): string {
  return `${name}: ${used} of ${max}`;
}

function groupBills(
  bills: readonly Bill[],
  states: ReadonlyMap<number, RunState>,
): ReadonlyMap<string, readonly Bill[]> {
  const groups = new Map<string, Bill[]>();
  for (const bill of bills) {
    const { tenant, user } = planOf(bill.n);
    const run = `run/${states.get(bill.n)?.runId ?? "nobody"}`;
    for (const scope of [`org/${tenant}`, `user/${tenant}/${user}`, run]) {
      const group = groups.get(scope);
      if (group === undefined) groups.set(scope, [bill]);
      else group.push(bill);
    }
  }
  return groups;
}

function sharedLimits(byScope: ReadonlyMap<string, readonly Bill[]>, runs: number): Limit[] {
  const { orgUsd, userOutputTokens, windowTokens, windowMs } = sharedOf(runs);
  return [...byScope].flatMap(([scope, bills]): Limit[] => {
    if (scope.startsWith("user/")) {
      const used = sumOf(bills, "outputTokens");
      return [{ kind: "user", name: `${scope} outputTokens`, used, max: userOutputTokens }];
    }
    if (!scope.startsWith("org/")) return [];
    const used = sumOf(bills, "usdMicros");
    const most = mostWithin(bills, Math.max(1, windowMs - SKEW_MS));
    return [
      { kind: "org", name: `${scope} usdMicros`, used, max: Math.floor(orgUsd * 1e6) },
      { kind: "window", name: `${scope} inputTokens in a window`, used: most, max: windowTokens },
    ];
  });
}

function runLimits(
  n: number,
  { runId, raised }: RunState,
  given: { readonly byScope: ReadonlyMap<string, readonly Bill[]>; readonly counted: Counted },
): Limit[] {
  const bills = given.byScope.get(`run/${runId}`) ?? [];
  const budget = runBudgets[planOf(n).agent];
  const max: Readonly<Record<Unit, number>> = {
    usdMicros: Math.floor(budget.usd * 1e6) + (raised["usdMicros"] ?? 0),
    inputTokens: INPUT_TOKENS_MAX,
    outputTokens: budget.outputTokens + (raised["outputTokens"] ?? 0),
  };
  const units: readonly Unit[] = ["usdMicros", "inputTokens", "outputTokens"];
  const paid = given.counted.deeds.filter((deed) => {
    return deed.n === n && deed.tool === "pay" && !deed.isRefused;
  });
  const pays = new Set(paid.map(({ key }) => key)).size;
  return [
    ...units.map((unit): Limit => {
      return { kind: "run", name: `run ${n} ${unit}`, used: sumOf(bills, unit), max: max[unit] };
    }),
    { kind: "calls", name: `run ${n} calls of pay`, used: pays, max: PAYS_MAX },
  ];
}

function toolLimits({ deeds, busiest }: Counted): Limit[] {
  const tenants = Array.from({ length: TENANTS }, (_, n) => `t${n}`);
  return tenants.flatMap((tenant): Limit[] => {
    const looks = deeds.filter(({ n, tool }) => tool === "look" && planOf(n).tenant === tenant);
    const places = Object.entries(PLACES).map(([tool, max]): Limit => {
      const used = busiest[`${tenant}/${tool}`] ?? 0;
      return { kind: "places", name: `places of ${tenant}/${tool}`, used, max };
    });
    const { count, perMs } = LOOK_RATE;
    // Over any stretch: a full bucket, and what flows in. Requests may come late, never early.
    const spanMs = 10_000;
    const max = Math.ceil(count + ((spanMs + SKEW_MS) * count) / perMs);
    const used = most(
      looks.map(({ at }) => ({ at, amount: 1 })),
      spanMs,
    );
    return [...places, { kind: "rate", name: `rate of ${tenant}/look`, used, max }];
  });
}

function isModelUnit(unit: string): unit is Unit {
  return unit === "usdMicros" || unit === "inputTokens" || unit === "outputTokens";
}

function sumOf(bills: readonly Bill[], unit: Unit): number {
  return bills.reduce((sum, { input, output }) => {
    if (unit === "inputTokens") return sum + input;
    if (unit === "outputTokens") return sum + output;
    return sum + input * PRICE.inputUsd + output * PRICE.outputUsd;
  }, 0);
}

function mostWithin(bills: readonly Bill[], windowMs: number): number {
  return most(
    bills.map(({ at, input }) => ({ at, amount: input })),
    windowMs,
  );
}

/** The largest sum that any stretch of this length holds. */
function most(
  entries: readonly { readonly at: number; readonly amount: number }[],
  spanMs: number,
): number {
  const sorted = entries.toSorted((one, other) => one.at - other.at);
  let [sum, largest, first] = [0, 0, 0];
  for (const { at, amount } of sorted) {
    sum += amount;
    for (let old = sorted[first]; old !== undefined && old.at <= at - spanMs; old = sorted[first]) {
      sum -= old.amount;
      first += 1;
    }
    largest = Math.max(largest, sum);
  }
  return largest;
}
