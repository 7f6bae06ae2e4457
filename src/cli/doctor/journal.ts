/** The journal file: can it be opened, is it sound, who holds it, and what waits in it. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JournalStore } from "../../journal/store.ts";
import { LIST_MAX } from "../../journal/store-rules.ts";
import { errorMessage } from "../../std/error.ts";
import { sqlite, type SqliteJournal } from "../../storage/sqlite/sqlite.ts";
import { journalPath, shortPath, type Project } from "../config.ts";
import { failureOf } from "../failure.ts";
import { standingOf } from "../render/run-state.ts";
import { count } from "../render/text.ts";
import { note, ok, problem, type Finding } from "./finding.ts";

export async function checkJournal(
  options: { readonly store?: string },
  project: Project | undefined,
): Promise<readonly Finding[]> {
  const given = project?.config.store;
  if (options.store === undefined && typeof given === "object") {
    const opened = ok("store", `opened by the config, durability ${given.durability}`);
    const isFile = "path" in given && typeof given.path === "string" && existsSync(given.path);
    if (!isFile) return [opened];
    return checkFile(String(given.path), given.durability === "power" ? "full" : "normal");
  }
  const configured = project === undefined ? resolve("bridle.db") : journalPath(project);
  const path = options.store === undefined ? configured : resolve(options.store);
  if (path === undefined) return [];
  if (!existsSync(path)) {
    const finding = note("store", `${shortPath(path)} does not exist yet: the first run makes it`);
    return options.store === undefined ? [finding] : [{ ...finding, kind: "problem" }];
  }
  return checkFile(path, project?.config.synchronous ?? "full");
}

async function checkFile(
  path: string,
  synchronous: "full" | "normal",
): Promise<readonly Finding[]> {
  let journal: SqliteJournal;
  try {
    journal = sqlite(path, { synchronous });
  } catch (thrown) {
    const { message, hint } = failureOf(thrown) ?? { message: errorMessage(thrown) };
    return [problem("store", message, hint === undefined ? {} : { hint })];
  }
  try {
    // What was committed last stands in the write-ahead log.
    const parts = [path, `${path}-wal`].filter((file) => existsSync(file));
    const size = parts.reduce((sum, file) => sum + statSync(file).size, 0);
    const level = synchronous.toUpperCase();
    const survives = journal.durability === "power" ? "power loss" : "a crash, not power loss";
    return [
      ok("store", `${shortPath(path)}, ${bytesText(size)}`),
      ok("synchronous", `${level}, read back: a commit survives ${survives}`),
      checkLock(path),
      await checkSoundness(journal),
      ...(await checkRuns(journal)),
    ];
  } finally {
    await journal.close();
  }
}

/** Takes the write lock for a moment and gives it back; nothing is written. */
function checkLock(path: string): Finding {
  const db = new DatabaseSync(path, { timeout: 250 });
  try {
    db.exec("BEGIN IMMEDIATE");
    db.exec("ROLLBACK");
    return ok("lock", "free");
  } catch (thrown) {
    return problem("lock", `another process holds the write lock: ${errorMessage(thrown)}`, {
      hint: "Close the program that holds the file open for writing; see `fuser` or `lsof`.",
    });
  } finally {
    db.close();
  }
}

async function checkSoundness(journal: SqliteJournal): Promise<Finding> {
  try {
    const { ok: isSound, runs, events, problems } = await journal.integrity();
    const looked = `${count(runs, "run")}, ${count(events, "event")}`;
    if (isSound) return ok("integrity", `${looked}: every chain and blob is whole`);
    const hint = "Keep the file; restore a backup, or take the sound runs over.";
    return problem("integrity", `${looked}\n${problems.join("\n")}`, { hint });
  } catch (thrown) {
    return problem("integrity", errorMessage(thrown), { hint: "Restore a backup." });
  }
}

async function checkRuns(store: JournalStore): Promise<readonly Finding[]> {
  const now = Date.now();
  const parked = await store.list({ status: "parked", limit: LIST_MAX });
  const ready = await store.list({ status: "ready", limit: LIST_MAX });
  const waiting = ready.filter((row) => standingOf(row, now) === "waiting");
  const running = ready.length - waiting.length;
  const open = ok("runs", `${running} running, ${waiting.length} waiting, ${parked.length} parked`);
  const [first] = waiting;
  if (first === undefined) return [open];
  const hint = `Go on with them: bridle resume ${first.runId}`;
  return [open, note("runs", `${count(waiting.length, "run")} without a worker`, { hint })];
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(0)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
