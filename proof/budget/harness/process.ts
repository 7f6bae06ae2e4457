/** One worker: a whole harness on the shared file. `node process.ts FOLDER URL RUNS SHARE LEASE`. */
import { join } from "node:path";
import { embedded, harness } from "../../../src/index.ts";
import { errorMessage } from "../../../src/std/error.ts";
import { sqlite } from "../../../src/storage/sqlite/door.ts";
import { agentsOf, governanceOf } from "./agents.ts";

const [folder = "", url = "", runs = "0", share = "1", leaseMs = "0"] = process.argv.slice(2);

process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
await harness({
  agents: agentsOf(url),
  store: sqlite(join(folder, "journal.db"), { busyMs: 60_000 }),
  engine: embedded({ concurrency: Number(share), pollMs: 100 }),
  leaseMs: Number(leaseMs),
  ...governanceOf(Number(runs)),
  onProblem: (runId, thrown) => {
    console.log(JSON.stringify({ problem: `${runId}: ${errorMessage(thrown)}` }));
  },
});
console.log(JSON.stringify({ ready: true }));
