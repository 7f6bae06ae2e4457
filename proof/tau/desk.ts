import { readText } from "./args.ts";
import { calculate } from "./calculate.ts";
import type { Db } from "./db.ts";
import type { Behaviour } from "./tool.ts";

/** What every service desk has, whatever it sells: none of it touches the database. */
export const DESK: Readonly<Record<string, Behaviour<Db>>> = {
  calculate: { effect: "read", run: (_db, args) => calculate(readText(args, "expression")) },
  think: { effect: "read", run: () => "" },
  // A person picks the conversation up: that cannot be taken back, so it counts as a write.
  transfer_to_human_agents: { effect: "write", run: () => "Transfer successful" },
};
