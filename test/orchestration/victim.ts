/** A process that starts one run and hangs inside its effect, to be killed there. */
import { join } from "node:path";
import { harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { victimOf } from "./victim-agent.ts";

const [, , path = "", effect = ""] = process.argv;

const agent = victimOf(path, effect, () => {
  process.send?.("inside");
  return new Promise(() => undefined);
});
const store = sqlite(join(path, "journal.db"));
const made = await harness({ agents: [agent], store });
const run = await made.start("victim", { input: "go" });
process.send?.(`run ${run.runId}`);
