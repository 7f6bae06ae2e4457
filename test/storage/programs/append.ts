/**
 * append.ts PATH LEVEL RUNS APPENDS: writes APPENDS events to each of RUNS runs, the runs at the
 * same time and each run one event after the other. Prints `commits N`.
 */
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { startRun, write } from "../../../src/testing/sample-run.ts";

const [path = "", level = "full", runs = "1", appends = "0"] = process.argv.slice(2);
const journal = sqlite(path, { synchronous: level === "normal" ? "normal" : "full" });
await Promise.all(
  Array.from({ length: Number(runs) }, async (_, n) => {
    let pen = await startRun(journal, `r${n}`);
    for (let i = 0; i < Number(appends); i++) pen = await write(journal, pen, [`${i}`]);
  }),
);
console.log(`commits ${journal.commits()}`);
await journal.close();
