/** Where the demo keeps its three databases. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BridleError } from "../../std/error.ts";

export const JOURNAL_FILE = "journal.db";
export const BUSINESS_FILE = "business.db";
export const PAYMENTS_FILE = "payments.db";

export interface Folder {
  readonly dir: string;
  /** Removes a folder that was made for this demo alone; one that was asked for stays. */
  readonly cleanUp: () => void;
  readonly isKept: boolean;
}

/** The folder asked for, or a temporary one. Throws `usage` when it holds an earlier demo. */
export function openFolder(asked: string | undefined): Folder {
  if (asked === undefined) {
    const dir = mkdtempSync(join(tmpdir(), "bridle-demo-"));
    const cleanUp = (): void => rmSync(dir, { recursive: true, force: true });
    return { dir, cleanUp, isKept: false };
  }
  const dir = resolve(asked);
  const taken = [JOURNAL_FILE, BUSINESS_FILE, PAYMENTS_FILE].find((file) =>
    existsSync(join(dir, file)),
  );
  if (taken !== undefined) {
    throw new BridleError("usage", `${dir} already holds a ${taken}`, {
      hint: "Name an empty folder with --dir, or leave it out for a temporary one.",
    });
  }
  mkdirSync(dir, { recursive: true });
  return { dir, cleanUp: () => undefined, isKept: true };
}
