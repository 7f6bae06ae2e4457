import { BridleError, errorMessage, isBridleError, type ErrorParts } from "../../std/error.ts";

/** SQLite's primary result codes that we answer by name (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** Extended: a write that the system refused, other than for want of room on the disk. */
const SQLITE_IOERR_WRITE = 778;

function extendedCode(thrown: unknown): number {
  if (!(thrown instanceof Error) || !("errcode" in thrown)) return Number.NaN;
  return typeof thrown.errcode === "number" ? thrown.errcode : Number.NaN;
}

function resultCode(thrown: unknown): number {
  return extendedCode(thrown) & 0xff;
}

/** How `node:sqlite` says that somebody closed the database. */
function isClosed(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ERR_INVALID_STATE";
}

export function closedError(): BridleError {
  return new BridleError("store_closed", "The journal is closed", {
    hint: "Open the store again before you use it.",
  });
}

/** True when another process holds the lock and waiting helps. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** Any failure of the file as an error that says what to do; nothing was written by it. */
export function storeFailure(thrown: unknown, path: string): BridleError {
  if (isBridleError(thrown)) return thrown;
  if (isClosed(thrown)) return closedError();
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
    case SQLITE_IOERR:
      if (extendedCode(thrown) !== SQLITE_IOERR_WRITE) return unopened(path, parts);
      // A quota or a limit on file sizes answers so, a failing disk too.
      return new BridleError("store_full", `The system refused to write to ${path}`, {
        ...parts,
        hint: "Look for a quota, a limit on file sizes or a failing disk; then resume.",
      });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new BridleError("store_corrupt", `${path} is not a sound SQLite database`, {
        ...parts,
        hint: "Nothing was overwritten. Restore a backup, or try `sqlite3 FILE .recover`.",
      });
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return unopened(path, parts);
    default:
      return new BridleError("store_unreadable", `${path}: ${errorMessage(thrown)}`, parts);
  }
}

function unopened(path: string, parts: ErrorParts): BridleError {
  return new BridleError("store_unreadable", `${path} cannot be opened for writing`, {
    ...parts,
    hint: "Check that the folder exists, and the permissions of the file and its folder.",
  });
}
