/** hold.ts PATH: locks the database for writing until a line arrives on its input. */
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(process.argv[2] ?? "", { timeout: 5_000 });
db.exec("BEGIN EXCLUSIVE");
console.log("held");
await once(process.stdin, "data");
db.exec("ROLLBACK");
db.close();
console.log("let go");
process.exit(0);
