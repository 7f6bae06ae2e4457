/** What cannot be a budget or a price is refused before any run begins: it would limit nothing. */
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";
import type { Budget, SharedBudget, TokenPrice } from "./budget.ts";

const MEMBERS = ["usd", "inputTokens", "outputTokens", "calls"] as const;

/** A reservation has at most 64 lines and a budget up to three; an account has eight windows. */
const BUDGETS_MAX = 8;
/** A dollar for each token: nobody asks for more, and sums stay whole numbers. */
const PRICE_USD_MAX = 1_000_000;

/** Refuses what could not be counted. `where` names the budget in the error. */
export function checkBudget(
  budget: Budget,
  where: string,
  more: { readonly members?: readonly string[]; readonly tools?: readonly string[] } = {},
): void {
  const { usd, inputTokens, outputTokens, calls = {} } = budget;
  checkMembers(budget, where, [...MEMBERS, ...(more.members ?? [])]);
  const isMoney =
    typeof usd === "number" && usd >= 0 && Number.isSafeInteger(Math.floor(usd * 1e6));
  if (usd !== undefined && !isMoney) {
    throw new BridleError("limit_invalid", `${where}: usd cannot be ${String(usd)}`, {
      hint: "Give US dollars, 0 or more.",
    });
  }
  for (const [name, count] of Object.entries({ inputTokens, outputTokens, ...calls })) {
    if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) continue;
    throw new BridleError("limit_invalid", `${where}: ${name} cannot be ${String(count)}`, {
      hint: "Tokens and calls are whole numbers, 0 or more.",
    });
  }
  const { tools } = more;
  const stranger = Object.keys(calls).find((name) => name !== "*" && !tools?.includes(name));
  if (tools === undefined || stranger === undefined) return;
  throw new BridleError("limit_invalid", `${where}: the budget counts "${stranger}", no tool`, {
    hint: didYouMean(stranger, [...tools, "*"]),
  });
}

/** A member that nobody reads is a limit that does not hold. */
function checkMembers(budget: Budget, where: string, members: readonly string[]): void {
  const stranger = Object.keys(budget).find((name) => !members.includes(name));
  if (stranger === undefined) return;
  throw new BridleError("limit_invalid", `${where}: a budget has no "${stranger}"`, {
    hint: didYouMean(stranger, members),
  });
}

export function checkSharedBudgets(budgets: readonly SharedBudget[]): void {
  for (const budget of budgets) {
    const { of: owner, perMs } = budget;
    if (owner !== "org" && owner !== "user") {
      throw new BridleError("limit_invalid", `A budget cannot be of ${JSON.stringify(owner)}`, {
        hint: 'Say whose it is: of: "org" or of: "user".',
      });
    }
    checkBudget(budget, `The budget of each ${owner}`, { members: ["of", "perMs"] });
    if (perMs === undefined || (Number.isSafeInteger(perMs) && perMs > 0)) continue;
    throw new BridleError("limit_invalid", `A budget cannot be per ${String(perMs)} ms`, {
      hint: "perMs is a whole number of ms; leave it out for a budget without a window.",
    });
  }
  for (const kind of ["org", "user"] as const) {
    const count = budgets.filter((budget) => budget.of === kind).length;
    if (count <= BUDGETS_MAX) continue;
    throw new BridleError("limit_invalid", `There are ${count} budgets of each ${kind}`, {
      hint: `Give at most ${BUDGETS_MAX} of a kind: several units may stand in one budget.`,
    });
  }
}

export function checkPrice(price: TokenPrice, name: string): void {
  const { inputUsd, outputUsd, cachedInputUsd = 0 } = price;
  const isPrice = (usd: unknown): boolean =>
    typeof usd === "number" && usd >= 0 && usd <= PRICE_USD_MAX;
  if ([inputUsd, outputUsd, cachedInputUsd].every(isPrice)) return;
  throw new BridleError("limit_invalid", `The price of ${name} is none`, {
    hint: `Give US dollars per million tokens, 0 to ${PRICE_USD_MAX}: { inputUsd, outputUsd }.`,
  });
}
