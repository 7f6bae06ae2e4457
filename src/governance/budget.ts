/**
 * Budgets as a tree: organisation → user → run. What one node allows is taken from all above it
 * at once, or not at all (the ledger's U1).
 *
 * B1 Reserved before the act, as much as the act can cost at most; settled after it with what it
 *    did cost.
 * B2 A price that nobody stated is not zero: the call is refused, or counted at the stated worst.
 * B3 Money is whole micro-dollars: what is allowed is rounded down, what is spent up.
 */
import type { Principal } from "../journal/event.ts";
import type { BudgetLine } from "../journal/ledger.ts";
import type { Usage } from "../journal/usage.ts";
import { BridleError } from "../std/error.ts";

/** What a run, a user or an organisation may spend. Absent members are not limited. */
export interface Budget {
  readonly usd?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Calls by tool; `*` counts all of them. */
  readonly calls?: Readonly<Record<string, number>>;
}

/** A budget that many runs share. */
export interface SharedBudget extends Budget {
  /** `org`: all runs of a tenant; `user`: all runs of a principal. */
  readonly of: "org" | "user";
  /** Sliding window, ms; absent: for ever. */
  readonly perMs?: number;
}

/** US dollars per million tokens. */
export interface TokenPrice {
  readonly inputUsd: number;
  readonly outputUsd: number;
  readonly cachedInputUsd?: number;
}

/** One node of the tree, for one run. */
export interface BudgetNode {
  readonly scope: string;
  /** By unit: `usdMicros`, `inputTokens`, `outputTokens`, `calls`, `calls:TOOL`. */
  readonly max: Readonly<Record<string, number>>;
  readonly windowMs?: number;
}

/** The nodes a run answers to, from the root down. `raised` adds to the run's own. */
export function budgetTree(given: {
  readonly runId: string;
  readonly principal: Principal | null;
  readonly own: Budget | undefined;
  readonly shared: readonly SharedBudget[];
  readonly raised: Readonly<Record<string, number>>;
}): readonly BudgetNode[] {
  const { runId, principal, own, shared, raised } = given;
  const nodes = shared.map((budget): BudgetNode => {
    const { perMs } = budget;
    return {
      scope: budget.of === "org" ? orgScope(principal) : userScope(principal),
      max: maxOf(budget),
      ...(perMs === undefined ? {} : { windowMs: perMs }),
    };
  });
  if (own === undefined) return nodes;
  const max = Object.entries(maxOf(own)).map(([unit, most]): [string, number] => {
    return [unit, Math.min(most + (raised[unit] ?? 0), Number.MAX_SAFE_INTEGER)];
  });
  return [...nodes, { scope: `run/${runId}`, max: Object.fromEntries(max) }];
}

/** Runs of nobody in particular share one organisation, named so. */
export function orgScope(principal: Principal | null): string {
  return `org/${encodeURIComponent(principal?.tenant ?? "-")}`;
}

export function userScope(principal: Principal | null): string {
  const tenant = encodeURIComponent(principal?.tenant ?? "-");
  return `user/${tenant}/${encodeURIComponent(principal?.id ?? "-")}`;
}

function maxOf({ usd, inputTokens, outputTokens, calls = {} }: Budget): Record<string, number> {
  const byTool = Object.entries(calls).map(([tool, count]): [string, number] => [
    tool === "*" ? "calls" : `calls:${tool}`,
    count,
  ]);
  return {
    ...(usd === undefined ? {} : { usdMicros: Math.floor(usd * 1e6) }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...Object.fromEntries(byTool),
  };
}

/** The most a model call can use, or what it did use. Tokens. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
}

/** Whole micro-dollars, rounded up. */
export function microsOf(price: TokenPrice, tokens: Tokens): number {
  const cached = Math.min(tokens.cachedInput ?? 0, tokens.input);
  const micros =
    (tokens.input - cached) * price.inputUsd +
    cached * (price.cachedInputUsd ?? price.inputUsd) +
    tokens.output * price.outputUsd;
  return Math.ceil(micros);
}

/** Whether any node limits what a model call uses. */
export function limitsModel(nodes: readonly BudgetNode[]): boolean {
  return nodes.some(({ max }) => MODEL_UNITS.some((unit) => max[unit] !== undefined));
}

export function limitsUsd(nodes: readonly BudgetNode[]): boolean {
  return nodes.some(({ max }) => max["usdMicros"] !== undefined);
}

const MODEL_UNITS = ["usdMicros", "inputTokens", "outputTokens"] as const;

/** What a model call may use at most, as lines; the same lines settle it. */
export function modelLines(
  nodes: readonly BudgetNode[],
  amounts: { readonly tokens: Tokens; readonly usdMicros: number },
): readonly BudgetLine[] {
  const { tokens, usdMicros } = amounts;
  const amount = { usdMicros, inputTokens: tokens.input, outputTokens: tokens.output };
  return nodes.flatMap((node) => MODEL_UNITS.flatMap((unit) => line(node, unit, amount[unit])));
}

/** What was really used of such lines; null where the provider did not say. */
export function modelActual(
  lines: readonly BudgetLine[],
  usage: Usage,
  price: TokenPrice | null,
): readonly (number | null)[] {
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  const isKnown = inputTokens !== undefined && outputTokens !== undefined;
  const micros =
    isKnown && price !== null
      ? microsOf(price, {
          input: inputTokens,
          output: outputTokens,
          ...(cachedInputTokens === undefined ? {} : { cachedInput: cachedInputTokens }),
        })
      : null;
  return lines.map(({ unit }) => {
    if (unit === "usdMicros") return micros;
    return (unit === "inputTokens" ? inputTokens : outputTokens) ?? null;
  });
}

/** One call of a tool, as lines. */
export function callLines(nodes: readonly BudgetNode[], tool: string): readonly BudgetLine[] {
  return nodes.flatMap((node) => [...line(node, "calls", 1), ...line(node, `calls:${tool}`, 1)]);
}

function line(node: BudgetNode, unit: string, amount: number): readonly BudgetLine[] {
  const max = node.max[unit];
  if (max === undefined) return [];
  const { scope, windowMs } = node;
  return [
    { kind: "budget", scope, unit, amount, max, ...(windowMs === undefined ? {} : { windowMs }) },
  ];
}

/** Refuses what could not be counted. `where` names the budget in the error. */
export function checkBudget(budget: Budget, where: string): void {
  const { usd, inputTokens, outputTokens, calls = {} } = budget;
  if (usd !== undefined && !(usd >= 0 && Number.isSafeInteger(Math.floor(usd * 1e6)))) {
    throw new BridleError("limit_invalid", `${where}: usd cannot be ${usd}`, {
      hint: "Give US dollars, 0 or more.",
    });
  }
  for (const [name, count] of Object.entries({ inputTokens, outputTokens, ...calls })) {
    if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) continue;
    throw new BridleError("limit_invalid", `${where}: ${name} cannot be ${count}`, {
      hint: "Tokens and calls are whole numbers, 0 or more.",
    });
  }
}
