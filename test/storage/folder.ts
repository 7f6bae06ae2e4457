import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { sqlite, type SqliteJournal, type SqliteOptions } from "../../src/storage/sqlite/sqlite.ts";

/** An empty folder that is gone when the test is over. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bridle-storage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A journal at `path` that is closed when the test is over. */
export function openJournal(path: string, options?: SqliteOptions): SqliteJournal {
  const journal = sqlite(path, options);
  onTestFinished(() => journal.close());
  return journal;
}
