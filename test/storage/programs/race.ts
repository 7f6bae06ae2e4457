/**
 * race.ts PATH OWNER RUNS EACH: takes runs over from whoever has them and writes a few events
 * under each claim, until every run holds EACH of them. Prints `wrote RUN TEXT` for each event
 * that was accepted and, at the end, `fenced N`.
 */
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import { isBridleError } from "../../../src/std/error.ts";
import { textsOf, write, type Pen } from "../../../src/testing/sample-run.ts";

const [path = "", owner = "", runs = "1", each = "1"] = process.argv.slice(2);
const journal = sqlite(path);
let fenced = 0;
let written = 0;
for (let open = true; open;) {
  open = false;
  for (let n = 0; n < Number(runs); n++) {
    const runId = `r${n}`;
    if ((await textsOf(journal, runId)).length >= Number(each)) continue;
    open = true;
    await writeSome(runId);
  }
}
console.log(`fenced ${fenced}`);
await journal.close();

async function writeSome(runId: string): Promise<void> {
  try {
    let pen = await take(runId);
    if (pen === undefined) return;
    for (let i = 0; i < 5; i++) {
      const text = `${owner} ${written++}`;
      pen = await write(journal, pen, [text]);
      console.log(`wrote ${runId} ${text}`);
    }
  } catch (thrown) {
    if (!isBridleError(thrown, "fenced")) throw thrown;
    fenced += 1;
  }
}

/** Takes the run from whoever has it; undefined when the other one was quicker. */
async function take(runId: string): Promise<Pen | undefined> {
  const takeFromEpoch = (await journal.get(runId))?.epoch ?? 0;
  const request = { owner, nowMs: Date.now(), leaseMs: 5_000, takeFromEpoch };
  const claimed = await journal.claim(runId, request);
  if (claimed.kind !== "claimed") return undefined;
  const last = (await journal.read(runId, claimed.row.head)).at(-1);
  return { fence: claimed.fence, head: claimed.row.head, hash: last?.hash ?? "" };
}
