/**
 * fill.ts PATH [BALLAST]: writes until the disk takes no more, then removes BALLAST (a file that
 * took up the room) and writes once more. Prints one line of JSON.
 */
import { rmSync, writeFileSync } from "node:fs";
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { isBridleError } from "../../../src/std/error.ts";
import { startRun, textsOf, write, type Pen } from "../../../src/testing/sample-run.ts";

const [path = "", ballast = ""] = process.argv.slice(2);
if (ballast !== "") writeFileSync(ballast, Buffer.alloc(2_000_000, 1));
const journal = sqlite(path);
const content = "x".repeat(8_000);
let pen: Pen = await startRun(journal, "r1");
let acked = 0;
let code = "none";
while (code === "none" && acked < 5_000) {
  try {
    pen = await write(journal, pen, [`${acked} ${content}`]);
    acked += 1;
  } catch (thrown) {
    code = isBridleError(thrown) ? thrown.code : String(thrown);
  }
}
const readable = (await textsOf(journal, "r1")).length;
let after = "not tried";
if (ballast !== "") {
  rmSync(ballast);
  pen = await write(journal, pen, ["after"]);
  after = (await journal.integrity()).ok ? "sound" : "unsound";
}
console.log(JSON.stringify({ code, acked, readable, after }));
await journal.close().catch(() => undefined);
