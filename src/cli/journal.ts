/** Opening the journal that a command is about. No agent is prepared and no model key is needed. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { PriceList } from "../generation/price.ts";
import type { Person } from "../governance/approval.ts";
import type { JournalStore } from "../journal/store.ts";
import { BridleError } from "../std/error.ts";
import { sqlite } from "../storage/sqlite/sqlite.ts";
import { findConfig, journalPath, loadProject, shortPath, type Project } from "./config.ts";

export interface JournalOptions {
  readonly store?: string;
  readonly config?: string;
}

export interface OpenJournal {
  readonly store: JournalStore;
  /** Null for a store that the config opened itself. */
  readonly path: string | null;
  readonly prices: PriceList;
  /** Who may answer; empty without a config. */
  readonly people: readonly Person[];
  readonly sealSecret?: string | undefined;
}

/**
 * For commands that only look or leave a message: `--store FILE` needs no config, and a journal
 * that does not exist is an error, never a new empty file.
 */
export async function openJournal(options: JournalOptions): Promise<OpenJournal> {
  const isBare = options.store !== undefined && options.config === undefined;
  const project = isBare ? undefined : await projectIfAny(options);
  const { prices = {}, people = [], sealSecret, store: given } = project?.config ?? {};
  const known = { prices, people, sealSecret };
  if (options.store !== undefined) return { ...openExisting(resolve(options.store)), ...known };
  if (typeof given === "object") return { store: given, path: null, ...known };
  const path = project === undefined ? resolve("bridle.db") : journalPath(project);
  return { ...openExisting(path ?? resolve("bridle.db"), project), ...known };
}

/** For commands that do the work: a new journal is made when there is none. */
export function openForWork(project: Project, named: string | undefined): JournalStore {
  const { store: given, synchronous } = project.config;
  const path = named === undefined ? journalPath(project) : resolve(named);
  if (path === undefined && typeof given === "object") return given;
  const options = synchronous === undefined ? {} : { synchronous };
  return sqlite(path ?? resolve("bridle.db"), options);
}

/** Without a config, a `bridle.db` in the current folder is meant. */
async function projectIfAny(options: JournalOptions): Promise<Project | undefined> {
  const hasOwn = options.config === undefined && findConfig() === undefined;
  if (hasOwn && existsSync("bridle.db")) return undefined;
  return loadProject(options.config);
}

function openExisting(path: string, project?: Project): Pick<OpenJournal, "store" | "path"> {
  if (!existsSync(path)) {
    throw new BridleError("store_unreadable", `There is no journal at ${shortPath(path)}`, {
      hint: "It is made by the first `bridle run`; name another file with --store FILE.",
    });
  }
  const synchronous = project?.config.synchronous;
  return { store: sqlite(path, synchronous === undefined ? {} : { synchronous }), path };
}
