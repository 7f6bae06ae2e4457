import { BridleError, errorMessage, isBridleError } from "../../std/error.ts";

/** SQLite's primary result codes that we answer by name (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

/** True when another process holds the lock and waiting helps. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** Any failure of the file as an error that says what to do; nothing was written by it. */
export function storeFailure(thrown: unknown, path: string): BridleError {
  if (isBridleError(thrown)) return thrown;
  const parts = { cause: thrown, detail: errorMessage(thrown) };
  switch (resultCode(thrown)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new BridleError("store_busy", `${path} is locked by another process`, {
        ...parts,
        hint: "Close the program that holds it open for writing, then try again.",
      });
    case SQLITE_FULL:
      return new BridleError("store_full", `No room left on the disk of ${path}`, {
        ...parts,
        hint: "Free space and resume: the run continues from its last durable event.",
      });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new BridleError("store_corrupt", `${path} is not a sound SQLite database`, {
        ...parts,
        hint: "Nothing was overwritten. Restore a backup, or try `sqlite3 FILE .recover`.",
      });
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return new BridleError("store_unreadable", `${path} cannot be opened for writing`, {
        ...parts,
        hint: "Check that the folder exists, and the permissions of the file and its folder.",
      });
    default:
      return new BridleError("store_unreadable", `${path}: ${errorMessage(thrown)}`, parts);
  }
}
