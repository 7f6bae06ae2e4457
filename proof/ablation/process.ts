/** One rate and one seed in a process of its own: `node process.ts DATA RATE SEED EACH`. */
import { loadDomain } from "../tau/data.ts";
import { ARMS } from "./arms.ts";
import { playCell, type Round } from "./play.ts";

const [data = "", rate = "", seed = "", each = ""] = process.argv.slice(2);
const rounds = (["retail", "airline"] as const).map((name): Round => {
  const domain = loadDomain(name, data);
  return { domain, tasks: domain.tasks.filter((_task, index) => index % Number(each) === 0) };
});
const verdicts = await playCell({
  rounds,
  arms: ARMS,
  rate: Number(rate),
  seed: Number(seed),
  // Whoever started this process ends it.
  signal: new AbortController().signal,
});
process.stdout.write(`${JSON.stringify(verdicts)}\n`);
