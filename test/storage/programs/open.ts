/** open.ts PATH: opens a journal and lists its runs; prints what came of it as JSON. */
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { isBridleError } from "../../../src/std/error.ts";

try {
  const journal = sqlite(process.argv[2] ?? "");
  console.log(JSON.stringify({ runs: (await journal.list()).length }));
  await journal.close();
} catch (thrown) {
  console.log(JSON.stringify({ code: isBridleError(thrown) ? thrown.code : String(thrown) }));
}
