/**
 * transact.ts PATH KEY WHEN: pays 10 under KEY and dies by its own hand at WHEN: `before` the
 * commit, `after` it, or `never`. Prints the outcome when it lives.
 */
import { sqliteTransactor } from "../../../src/storage/sqlite/transactor.ts";

const [path = "", key = "", when = "never"] = process.argv.slice(2);
const transactor = sqliteTransactor(path);
const paid = await transactor.run(key, (tx) => {
  tx.prepare("INSERT INTO payments (key, amount) VALUES (?, 10)").run(key);
  if (when === "before") process.kill(process.pid, "SIGKILL");
  return { paid: 10 };
});
if (when === "after") process.kill(process.pid, "SIGKILL");
console.log(JSON.stringify(paid));
transactor.close();
