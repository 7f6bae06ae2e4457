/** What `bridle.config.ts` exports. Importing this file costs nothing: it holds types alone. */
import type { NamedRoutes } from "../generation/prepare-routes.ts";
import type { ModelRetry } from "../generation/retry.ts";
import type { PriceList } from "../generation/price.ts";
import type { JournalStore } from "../journal/store.ts";
import type { AgentDefinition } from "../orchestration/agent.ts";
import type { GovernanceOptions } from "../orchestration/governing.ts";

export interface Config extends Omit<GovernanceOptions, "prices" | "sealSecret"> {
  readonly agents: readonly AgentDefinition[];
  /** A SQLite file, relative to the config's folder, or an open store. Default "./bridle.db". */
  readonly store?: string | JournalStore;
  /** For a SQLite file; see `SqliteOptions`. Default "full": commits survive power loss. */
  readonly synchronous?: "full" | "normal";
  /** Seals what people decide; see `HarnessOptions`. From the environment, never written here. */
  readonly sealSecret?: string | undefined;
  readonly modelRetry?: Partial<ModelRetry>;
  /** Routes that agents share: an agent says `model: "route:NAME"`. */
  readonly routes?: NamedRoutes;
  /** What tokens cost, by the model's name as `bridle show` prints it; budgets in USD need it. */
  readonly prices?: PriceList;
}

/** Types a configuration; it adds nothing at run time. */
export function defineConfig(config: Config): Config {
  return config;
}
