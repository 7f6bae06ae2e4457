/** What each run means to do, and what it may spend: less, on every level. Known to all processes. */
import { chanceOf } from "../plan.ts";

export const TENANTS = 4;
export const USERS = 20;
export const PRICE = { inputUsd: 3, outputUsd: 15 } as const;
export const MAX_OUTPUT_TOKENS = 400;
/** Tokens that the provider puts into each prompt on its own. */
export const HIDDEN_TOKENS = 346;

export const PLACES = { pay: 3, note: 4 } as const;
export const LOOK_RATE = { count: 20, perMs: 1_000 } as const;
export const PAYS_MAX = 2;

/** A run that is cancelled, or raised when it asks, by the number of the run. */
export interface RunPlan {
  readonly n: number;
  readonly tenant: string;
  readonly user: string;
  readonly agent: AgentName;
  readonly isCancelled: boolean;
  readonly isRaised: boolean;
}

export type AgentName = "plain" | "tight" | "asking" | "streaming";

export function planOf(n: number): RunPlan {
  const agents: readonly AgentName[] = ["plain", "asking", "streaming", "tight", "plain"];
  return {
    n,
    tenant: `t${n % TENANTS}`,
    user: `u${n % USERS}`,
    agent: agents[Math.floor(n / USERS) % agents.length] ?? "plain",
    isCancelled: chanceOf(`${n} is cancelled`) < 0.03,
    isRaised: chanceOf(`${n} is raised`) < 0.75,
  };
}

/** What each run of an agent may spend. */
export const runBudgets: Readonly<Record<AgentName, { usd: number; outputTokens: number }>> = {
  plain: { usd: 0.2, outputTokens: 4_000 },
  streaming: { usd: 0.2, outputTokens: 4_000 },
  tight: { usd: 0.017, outputTokens: 800 },
  asking: { usd: 0.016, outputTokens: 800 },
};
export const INPUT_TOKENS_MAX = 60_000;
export const RAISE = { usdMicros: 40_000, outputTokens: 800 } as const;

/** What tenants and users share, for so many runs. */
export interface Shared {
  readonly orgUsd: number;
  readonly userOutputTokens: number;
  readonly windowTokens: number;
  readonly windowMs: number;
}

export function sharedOf(runs: number): Shared {
  const [perTenant, perUser] = [runs / TENANTS, runs / USERS];
  return {
    orgUsd: Math.max(0.5, perTenant * 0.0155),
    userOutputTokens: Math.max(2_160, perUser * 590),
    windowTokens: Math.max(20_000, perTenant * 2_000),
    windowMs: runs > 500 ? 15_000 : 8_000,
  };
}
