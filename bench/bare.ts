/**
 * The floors: a loop with nothing around it, and the same loop with one SQLite commit a turn.
 * Mode: `memory`, or `full` (fsync) or `normal`.
 */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FINAL_TEXT, main, readArgs, type Durable, type OpenSystem } from "./peers/workload.ts";

const args = readArgs();
const mode = args.rest[0] ?? "memory";
const durable: { readonly [mode: string]: Durable } = { full: "power", normal: "process" };

interface Journal {
  readonly write: (body: string) => void;
  readonly close: () => void;
}

function openJournal(dir: string): Journal {
  if (mode === "memory") return { write: () => undefined, close: () => undefined };
  const db = new DatabaseSync(path.join(dir, "bare.db"));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${mode === "full" ? "FULL" : "NORMAL"};
    CREATE TABLE events (id INTEGER PRIMARY KEY, body TEXT NOT NULL)`);
  const insert = db.prepare("INSERT INTO events (body) VALUES (?)");
  return { write: (body) => void insert.run(body), close: () => db.close() };
}

async function open(dir: string): Promise<OpenSystem> {
  const journal = openJournal(dir);
  return {
    prepare: async (script) => async () => {
      const messages: unknown[] = [{ role: "user", content: script.prompt }];
      for (let turn = script.next(); turn !== undefined; turn = script.next()) {
        const result = await Promise.resolve(script.lookup(turn.n));
        const call = { role: "assistant", id: turn.callId, input: { n: turn.n } };
        const answer = { role: "tool", id: turn.callId, content: result };
        messages.push(call, answer);
        journal.write(JSON.stringify([call, answer]));
      }
      return FINAL_TEXT;
    },
    close: async () => journal.close(),
  };
}

const system = mode === "memory" ? "bare loop" : `bare loop + SQLite ${mode}, 1 commit a turn`;
await main({ system, version: process.version, durable: durable[mode] ?? "none", open }, args);
