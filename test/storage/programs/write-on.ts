/**
 * write-on.ts PATH NAME: writes to four runs for ever and prints `RUN SEQ` for each event that is
 * durable. Somebody has to kill it.
 */
import { writeSync } from "node:fs";
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { startRun, write } from "../../../src/testing/sample-run.ts";

const [path = "", name = ""] = process.argv.slice(2);
const journal = sqlite(path);
const content = "content ".repeat(500);
await Promise.all(
  [0, 1, 2, 3].map(async (n) => {
    const runId = `${name}-${n}`;
    let pen = await startRun(journal, runId);
    for (;;) {
      pen = await write(journal, pen, [`${content} ${pen.head}`, "small"]);
      writeSync(1, `${runId} ${pen.head}\n`);
    }
  }),
);
