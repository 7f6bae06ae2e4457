/** `bridle/sqlite`: the journal in one file, and receipts in your own SQLite database. */
export { sqlite, type SqliteJournal, type SqliteOptions } from "./sqlite.ts";
export { sqliteTransactor } from "./transactor.ts";
export type { IntegrityReport } from "./integrity.ts";
