/** What is true of a killed run at its end: from its journal, and from the outside world. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readEvents, requireRun } from "../../src/journal/read-run.ts";
import type { RunState } from "../../src/journal/run.ts";
import { sqlite, type SqliteJournal } from "../../src/storage/sqlite/door.ts";
import { errorMessage } from "../../src/std/error.ts";
import { canonicalJson } from "../../src/std/json.ts";
import { STEERING, type Scenario } from "./scenario.ts";
import { businessPath } from "./tools.ts";
import type { World } from "../world.ts";

export interface Checked {
  /** Reached exactly one terminal outcome, one that its class may have. */
  readonly isLost: boolean;
  /** Applications of intended effects beyond the first of each, as the outside counts them. */
  readonly doubled: number;
  /** Intended effects that happened. */
  readonly applied: number;
  /** Requests beyond the first of each intended effect, under the same key. */
  readonly repeated: number;
  readonly inDoubt: number;
  readonly explained: number;
  /** Anything else that must not be, one sentence each. */
  readonly problems: readonly string[];
}

interface Subject {
  readonly scenario: Scenario;
  readonly tag: string;
  readonly folder: string;
}

/** What happened to one intended effect. */
interface Happened {
  readonly reference: string;
  readonly applied: number;
  readonly requests: number;
  readonly keys: number;
}

export async function checkRun(world: World, subject: Subject): Promise<Checked> {
  const journal = sqlite(join(subject.folder, "journal.db"));
  try {
    return await checkJournal(world, subject, journal);
  } catch (thrown) {
    const problems = [`The journal cannot be read: ${errorMessage(thrown)}`];
    const nothing = { doubled: 0, applied: 0, repeated: 0, inDoubt: 0, explained: 0 };
    return { isLost: true, ...nothing, problems };
  } finally {
    await journal.close();
  }
}

async function checkJournal(
  world: World,
  subject: Subject,
  journal: SqliteJournal,
): Promise<Checked> {
  const { scenario, tag } = subject;
  const problems: string[] = [];
  const rows = await journal.list();
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} runs in place of one`);
  const integrity = await journal.integrity();
  if (!integrity.ok) problems.push(`The chain does not hold: ${integrity.problems.join("; ")}`);
  const state = await requireRun(journal, row.runId);
  const events = await readEvents(journal, row.runId);
  const ends = events.filter((event) => event.kind === "run.finished").length;
  const steered = events.filter((event) => event.kind === "message.added");
  if (scenario.isSteered && (steered.length !== 1 || steered[0]?.text !== STEERING)) {
    problems.push(`The message to the run arrived ${steered.length} times in place of once`);
  }
  const happened = await happenings(world, subject);
  problems.push(...unaccounted(subject, state, happened));
  const told = world.toolResults(tag);
  return {
    isLost: row.status !== "finished" || ends !== 1 || !isRightOutcome(scenario, state),
    doubled: sum(happened, ({ applied }) => Math.max(0, applied - 1)),
    applied: happened.filter(({ applied }) => applied > 0).length,
    repeated: sum(happened, ({ requests }) => Math.max(0, requests - 1)),
    inDoubt: state.doubts.length,
    explained: state.doubts.filter((doubt) => isExplained(state, doubt, told)).length,
    problems,
  };
}

/** Only what nobody can ask about may end in doubt; everything else ends well. */
function isRightOutcome(scenario: Scenario, state: RunState): boolean {
  const kind = state.outcome?.kind;
  if (state.doubts.length === 0) return kind === "succeeded";
  return scenario.payClass === "once blind" && kind === "failed_recoverable";
}

/** The outcome names the call and its key, and the model was told that nobody knows. */
function isExplained(
  state: RunState,
  doubt: RunState["doubts"][number],
  told: ReadonlySet<string>,
): boolean {
  const { outcome, runId } = state;
  const { callId, tool, idempotencyKey, why } = doubt;
  return (
    outcome?.kind === "failed_recoverable" &&
    outcome.reason.code === "effects_in_doubt" &&
    outcome.reason.message.includes(`${tool} (${callId})`) &&
    outcome.reason.hint !== undefined &&
    idempotencyKey.startsWith(`${runId}-`) &&
    why !== "" &&
    told.values().some((text) => text.startsWith("Unknown outcome") && text.includes(why))
  );
}

/** Each intended effect has happened and has its receipt, or stands in doubt: nothing between. */
function unaccounted(
  { scenario, tag }: Subject,
  state: RunState,
  happened: readonly Happened[],
): string[] {
  return scenario.references(tag).flatMap((reference) => {
    const names = (input: unknown): boolean => canonicalJson(input).includes(`"${reference}"`);
    const receipts = state.receipts.toArray().filter(({ input }) => names(input)).length;
    const doubts = state.doubts.filter(({ input }) => names(input)).length;
    const outside = happened.find((one) => one.reference === reference);
    const applied = outside?.applied ?? 0;
    const problems: string[] = [];
    if (receipts + doubts !== 1) {
      problems.push(`${reference} has ${receipts} receipts and ${doubts} doubts`);
    }
    if (doubts === 0 && applied === 0) problems.push(`${reference} never happened`);
    if (scenario.payClass === "idempotent" && (outside?.keys ?? 0) > 1) {
      problems.push(`${reference} was asked for under ${outside?.keys} keys`);
    }
    return problems;
  });
}

/** What the outside says: the service, or the business database of a transactional effect. */
async function happenings(world: World, subject: Subject): Promise<readonly Happened[]> {
  const counted = await world.ledger.count(`${subject.tag}/`);
  return subject.scenario.payClass === "transactional" ? inBusiness(subject.folder) : counted;
}

function inBusiness(folder: string): Happened[] {
  const path = businessPath(folder);
  if (!existsSync(path)) return [];
  const db = new DatabaseSync(path);
  const rows = db
    .prepare("SELECT reference, count(*) AS applied FROM payments GROUP BY reference")
    .all();
  db.close();
  return rows.map((row) => {
    const applied = Number(row["applied"]);
    return { reference: String(row["reference"]), applied, requests: applied, keys: 1 };
  });
}

function sum(rows: readonly Happened[], value: (row: Happened) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}
