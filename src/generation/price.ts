/**
 * What tokens cost, from prices the user states. There is no built-in table: a price that is out
 * of date is worse than none, and an unknown price is said to be unknown, never shown as zero.
 */
import type { Usage } from "../journal/usage.ts";

/** US dollars per million tokens. */
export interface ModelPrice {
  readonly inputUsd: number;
  readonly outputUsd: number;
  /** For input served from the provider's cache; the full input price when absent. */
  readonly cachedInputUsd?: number;
}

/** Prices by `provider/model`. */
export type PriceList = Readonly<Record<string, ModelPrice>>;

/** US dollars for this usage, or null when the price or the token counts are unknown. */
export function costUsd(prices: PriceList, model: string, usage: Usage): number | null {
  const price = prices[model];
  if (price === undefined) return null;
  if (usage.inputTokens === undefined || usage.outputTokens === undefined) return null;
  const cached = Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens);
  const fresh = usage.inputTokens - cached;
  const cachedPrice = price.cachedInputUsd ?? price.inputUsd;
  const total =
    fresh * price.inputUsd + cached * cachedPrice + usage.outputTokens * price.outputUsd;
  return total / 1_000_000;
}
