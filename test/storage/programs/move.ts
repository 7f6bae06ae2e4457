/**
 * move.ts PATH RUN COUNT: appends COUNT events to a new run under a lease and renews the lease all
 * the time, so that its rows keep moving into `extents` under a reader's eyes.
 */
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { startRun, write } from "../../../src/testing/sample-run.ts";

const [path = "", runId = "", count = "1"] = process.argv.slice(2);
const journal = sqlite(path, { synchronous: "normal" });
let pen = await startRun(journal, runId);
console.log("begun");
for (let n = 0; n < Number(count); n++) {
  pen = await write(journal, pen, [`event ${n}`]);
  if (n % 3 === 0) await journal.extend(pen.fence, Date.now() + 60_000);
}
await journal.close();
