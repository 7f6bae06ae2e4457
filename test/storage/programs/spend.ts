/**
 * spend.ts PATH RUN MAX: reserves one unit after the other from a budget of MAX and from as much
 * within an hour, until it is denied. Prints `held KEY` for each reservation that was granted and
 * `denied` at the end.
 */
import { sqlite } from "../../../src/storage/sqlite/sqlite.ts";
import type { Line } from "../../../src/journal/ledger.ts";

const [path = "", runId = "", max = "0"] = process.argv.slice(2);
const journal = sqlite(path);
const budget = { kind: "budget", scope: "org", unit: "calls", amount: 1 } as const;
const lines: readonly Line[] = [
  { ...budget, max: Number(max) },
  { ...budget, unit: "windowed", max: Number(max), windowMs: 3_600_000 },
];
for (let n = 0; ; n++) {
  const key = `${process.pid} ${n}`;
  const answer = await journal.reserve({ key, runId, at: Date.now(), lines });
  if (answer.kind === "denied") break;
  console.log(`held ${key}`);
}
console.log("denied");
await journal.close();
