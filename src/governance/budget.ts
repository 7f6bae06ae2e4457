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
import { sha256 } from "../std/hash.ts";

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
  return `org/${segment(principal?.tenant)}`;
}

export function userScope(principal: Principal | null): string {
  return `user/${segment(principal?.tenant)}/${segment(principal?.id)}`;
}

/** A ledger's scope holds 500 characters, of which a tool's name takes some. */
const SEGMENT_CHARS_MAX = 150;

/**
 * A name as part of a scope; "-" stands for no name alone. One that does not fit, or is no
 * well-formed text, is digested.
 */
function segment(name: string | undefined): string {
  if (name === undefined) return "-";
  const encoded = name.isWellFormed() && name !== "-" ? encodeURIComponent(name) : "";
  const fits = encoded !== "" && encoded.length <= SEGMENT_CHARS_MAX;
  // No encoded name holds a colon. JSON keeps apart what text in UTF-8 would merge.
  return fits ? encoded : `sha256:${sha256(JSON.stringify(name))}`;
}

/** What a budget limits, by the ledger's units. */
export function budgetUnits(budget: Budget): readonly string[] {
  return Object.keys(maxOf(budget));
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

/** The most that so many tokens can cost: all at the dearer of the input's prices. */
export function microsMax(price: TokenPrice, { input, output }: Tokens): number {
  const { inputUsd, outputUsd, cachedInputUsd = 0 } = price;
  return microsOf({ inputUsd: Math.max(inputUsd, cachedInputUsd), outputUsd }, { input, output });
}

/** Whole micro-dollars, rounded up. */
export function microsOf(price: TokenPrice, tokens: Tokens): number {
  const cached = Math.min(tokens.cachedInput ?? 0, tokens.input);
  const micros =
    (tokens.input - cached) * price.inputUsd +
    cached * (price.cachedInputUsd ?? price.inputUsd) +
    tokens.output * price.outputUsd;
  return Math.min(Math.ceil(micros), Number.MAX_SAFE_INTEGER);
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
