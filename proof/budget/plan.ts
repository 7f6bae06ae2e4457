/** Who may spend how much, and what each run means to spend: more than there is, on every level. */
import { SLOTS, type Line } from "../../src/journal/ledger.ts";
import { sha256 } from "../../src/std/hash.ts";

export const ORG = "org/acme";
export const MONEY = "usdMicros";
export const CALLS = "calls";

const USERS = 20;
const ACTS = 3;
const AMOUNT_MIN = 2_000;
const AMOUNT_SPAN = 8_000;
const RUN_MAX = 14_000;

/** A limit that whoever counts outside can check. */
export interface Limit {
  readonly scope: string;
  readonly unit: string;
  readonly max: number;
  readonly windowMs?: number;
}

/** One purchase outside. Its price is known afterwards and is at most `bound`. */
export interface Act {
  readonly name: string;
  readonly bound: number;
  readonly tool: "pay" | "ask";
  /** The outside service knows the key and spends once for it; else each attempt spends. */
  readonly isKeyed: boolean;
  /** It is reserved, given back and reserved again before it happens. */
  readonly isHesitant: boolean;
  /** Nobody settles it: the end of the run must. */
  readonly isForgotten: boolean;
}

export interface RunPlan {
  readonly runId: string;
  readonly user: string;
  readonly acts: readonly Act[];
}

export function runIdOf(index: number): string {
  return `run${String(index).padStart(5, "0")}`;
}

export function planOf(runId: string): RunPlan {
  const index = Number(runId.slice("run".length));
  const acts = Array.from({ length: ACTS }, (_, n): Act => {
    const chance = chanceOf(`${runId} ${n}`);
    return {
      name: `a${n}`,
      bound: AMOUNT_MIN + Math.floor(chance * AMOUNT_SPAN),
      tool: (index + n) % 2 === 0 ? "pay" : "ask",
      isKeyed: (index + n) % 3 !== 0,
      isHesitant: chanceOf(`${runId} ${n} hesitates`) < 0.05,
      // Only the last: a run that waits for a slot while it holds another may wait for itself.
      isForgotten: n === ACTS - 1 && chanceOf(`${runId} ${n} forgets`) < 0.2,
    };
  });
  return { runId, user: `user/acme/u${index % USERS}`, acts };
}

/** A number from 0 to 1 that follows from the text alone, in every process the same. */
export function chanceOf(text: string): number {
  return Number.parseInt(sha256(text).slice(0, 8), 16) / 2 ** 32;
}

/** The limits of so many runs; about two thirds of what they would spend. */
export function limitsOf(runs: number): readonly Limit[] {
  const users = Array.from({ length: USERS }, (_, n): Limit[] => [
    // Every other user has more than his runs could spend.
    { scope: `user/acme/u${n}`, unit: MONEY, max: n % 2 === 0 ? runs * 320 : runs * 2_000 },
    { scope: `user/acme/u${n}`, unit: CALLS, max: 30, windowMs: 2_000 },
  ]);
  return [
    { scope: ORG, unit: MONEY, max: runs * (runs > 500 ? 7_500 : 6_000) },
    { scope: ORG, unit: CALLS, max: Math.max(60, runs / 4), windowMs: 4_000 },
    ...users.flat(),
    { scope: "tool/pay", unit: SLOTS, max: 8 },
    { scope: "tool/ask", unit: SLOTS, max: 12 },
    ...Array.from({ length: runs }, (_, n): Limit => {
      return { scope: `run/${runIdOf(n)}`, unit: MONEY, max: RUN_MAX };
    }),
  ];
}

/** The lines that an act needs: under its own key, and under the key of this attempt. */
export interface ActLines {
  readonly act: readonly Line[];
  readonly attempt: readonly Line[];
}

/**
 * What an attempt spends anew is reserved anew for each attempt: its place in the windows, and the
 * money when the outside service would take it twice. A slot is the act's, whoever attempts it.
 */
export function linesOf(run: RunPlan, act: Act, limits: ReadonlyMap<string, Limit>): ActLines {
  const of = (scope: string, unit: string, amount: number): Line => {
    const { max = 0, windowMs } = limits.get(limitName({ scope, unit })) ?? {};
    const window = windowMs === undefined ? {} : { windowMs };
    return { kind: "budget", scope, unit, amount, max, ...window };
  };
  const money = [ORG, run.user, `run/${run.runId}`].map((scope) => of(scope, MONEY, act.bound));
  const calls = [ORG, run.user].map((scope) => of(scope, CALLS, 1));
  const { max = 0 } = limits.get(limitName({ scope: `tool/${act.tool}`, unit: SLOTS })) ?? {};
  const slot: Line = { kind: "slot", scope: `tool/${act.tool}`, max };
  return act.isKeyed
    ? { act: [slot, ...money], attempt: calls }
    : { act: [slot], attempt: [...money, ...calls] };
}

export function limitName({ scope, unit }: Pick<Limit, "scope" | "unit">): string {
  return `${scope} ${unit}`;
}
