/** What governs every run of a harness: one object, handed through the loop. */
import { allowAll, DECIDE_TIMEOUT_MS, type DecisionPoint } from "../governance/decide.ts";
import type { Person } from "../governance/approval.ts";
import { SECRET_CHARS_MIN } from "../governance/seal.ts";
import type { SharedBudget, TokenPrice } from "../governance/budget.ts";
import { checkPrice, checkSharedBudgets } from "../governance/budget-check.ts";
import { BridleError } from "../std/error.ts";
import { checkPeople } from "./approvers.ts";
import { TIMER_MAX_MS } from "../std/deadline.ts";

export interface GovernanceOptions {
  /** May this call happen? Absent: every call may, and the journal says no rule decided. */
  readonly decide?: DecisionPoint;
  /** A decision point slower than this has said no, ms. Default 5,000. */
  readonly decideTimeoutMs?: number;
  /** Who may approve what a rule asks about. Absent: nobody, and asking is a no. */
  readonly people?: readonly Person[];
  /** How long an approval waits for its answer when the tool does not say, ms. Default 24 h. */
  readonly approvalMs?: number;
  /**
   * Seals what people decide (votes, declines, raises, obligations, their word on calls in doubt)
   * on its way through the store: at least 32 characters, the same in every process that posts or
   * works. Absent: whoever can write to the store can speak in anybody's name.
   */
  readonly sealSecret?: string;
  /** Budgets that runs share; an agent's own `budget` is for each of its runs. */
  readonly budgets?: readonly SharedBudget[];
  /** What tokens cost, by `provider/model`, for budgets in US dollars. */
  readonly prices?: Readonly<Record<string, TokenPrice>>;
  /**
   * A model whose price nobody stated, where a budget is in US dollars: `deny` (default), or the
   * price to count with.
   */
  readonly unknownPrice?: "deny" | TokenPrice;
}

export interface Governing {
  readonly decide: DecisionPoint;
  readonly decideTimeoutMs: number;
  readonly people: readonly Person[];
  readonly approvalMs: number;
  readonly sealSecret: string | null;
  readonly budgets: readonly SharedBudget[];
  readonly prices: Readonly<Record<string, TokenPrice>>;
  readonly unknownPrice: "deny" | TokenPrice;
}

const DAY_MS = 24 * 3_600_000;

export function prepareGoverning(options: GovernanceOptions): Governing {
  const { decide = allowAll, decideTimeoutMs = DECIDE_TIMEOUT_MS, people = [] } = options;
  const { approvalMs = DAY_MS } = options;
  if (!(decideTimeoutMs > 0 && decideTimeoutMs <= TIMER_MAX_MS)) {
    throw new BridleError("limit_invalid", `decideTimeoutMs cannot be ${decideTimeoutMs}`, {
      hint: `Give a time in ms, at most ${TIMER_MAX_MS}.`,
    });
  }
  if (!Number.isSafeInteger(approvalMs) || approvalMs <= 0) {
    throw new BridleError("limit_invalid", `approvalMs cannot be ${approvalMs}`, {
      hint: "Give the time in ms after which an unanswered approval is a no.",
    });
  }
  checkPeople(people);
  const { sealSecret = null } = options;
  // Named and absent is an environment that lacks it: going on unsealed would be a surprise.
  const isMissing = sealSecret === null && "sealSecret" in options;
  if (isMissing || (sealSecret !== null && sealSecret.length < SECRET_CHARS_MIN)) {
    throw new BridleError(
      "approval_invalid",
      "The sealSecret is no secret: it is missing or short",
      {
        hint: `Give at least ${SECRET_CHARS_MIN} random characters, from the environment.`,
      },
    );
  }
  const { budgets = [], prices = {}, unknownPrice = "deny" } = options;
  checkSharedBudgets(budgets);
  const stated = unknownPrice === "deny" ? [] : [["an unknown model", unknownPrice] as const];
  for (const [name, price] of [...Object.entries(prices), ...stated]) checkPrice(price, name);
  const approvals = { people, approvalMs, sealSecret };
  return { decide, decideTimeoutMs, ...approvals, budgets, prices, unknownPrice };
}
