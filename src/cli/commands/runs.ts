import type { OutcomeKind } from "../../journal/outcome.ts";
import type { JournalStore, RunFilter, RunRow, RunStatus } from "../../journal/store.ts";
import { LIST_MAX } from "../../journal/store-rules.ts";
import { formatDuration } from "../../std/duration.ts";
import { BridleError } from "../../std/error.ts";
import { didYouMean } from "../../std/suggest.ts";
import { exitCodes } from "../exit-code.ts";
import { openJournal } from "../journal.ts";
import { createOutput, type Output, type Paint } from "../output.ts";
import { standingOf, ownerText, type RunStanding } from "../render/run-state.ts";
import { timeText } from "../render/text.ts";

export interface RunsOptions {
  readonly status?: RunStatus;
  readonly agent?: string;
  readonly outcome?: OutcomeKind;
  readonly limit: number;
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

/** Newest first: a table for people, or one JSON object per line. */
export async function listRuns(options: RunsOptions): Promise<number> {
  const { store } = await openJournal(options);
  const output = createOutput();
  const { status, agent, outcome, limit } = options;
  const filter: RunFilter = {
    newestFirst: true,
    limit,
    ...(status === undefined ? {} : { status }),
    ...(agent === undefined ? {} : { agent }),
    ...(outcome === undefined ? {} : { outcome }),
  };
  const rows = await store.list(filter);
  if (rows.length === 0) await explainNone(store, options, output);
  else if (options.json === true) for (const row of rows) output.json(rowObject(row));
  else printTable(rows, output);
  await store.close();
  return exitCodes.ok;
}

/** The members are a promise to scripts. */
function rowObject(row: RunRow): object {
  const { runId, agent, status, outcome, head, wakeAt, createdAt, updatedAt } = row;
  const standing = standingOf(row, Date.now());
  const worker = standing === "running" ? ownerText(row.lease?.owner ?? "") : null;
  return {
    runId,
    agent,
    standing,
    status,
    outcome,
    events: head,
    worker,
    wakeAt,
    createdAt,
    updatedAt,
  };
}

/** Nothing on stdout: an empty list is no lines. Why it is empty goes to stderr. */
async function explainNone(
  store: JournalStore,
  options: RunsOptions,
  output: Output,
): Promise<void> {
  const all = await store.list({ newestFirst: true, limit: LIST_MAX });
  const known = [...new Set(all.map((row) => row.agent))];
  if (options.agent !== undefined && known.length > 0 && !known.includes(options.agent)) {
    throw new BridleError("agent_unknown", `No run of an agent "${options.agent}"`, {
      hint: didYouMean(options.agent, known),
    });
  }
  output.say(all.length === 0 ? "no runs yet: start one with `bridle run AGENT`" : "no such runs");
}

function printTable(rows: readonly RunRow[], output: Output): void {
  const now = Date.now();
  const agentWidth = Math.max(5, ...rows.map(({ agent }) => agent.length));
  const widths = [26, agentWidth, 18, 6, 12] as const;
  const head = ["RUN", "AGENT", "STATE", "EVENTS", "TOOK", "STARTED"];
  output.out(output.paint.dim(columns(head, widths)));
  for (const row of rows) {
    const standing = standingOf(row, now);
    const end = row.status === "finished" ? row.updatedAt : now;
    const cells = [
      row.runId,
      row.agent,
      standing,
      String(row.head),
      formatDuration(end - row.createdAt),
      timeText(row.createdAt),
    ];
    const line = columns(cells, widths);
    output.out(line.replace(` ${standing} `, ` ${painted(standing, output.paint)} `));
  }
}

function columns(cells: readonly string[], widths: readonly number[]): string {
  return cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ");
}

function painted(standing: RunStanding, paint: Paint): string {
  switch (standing) {
    case "succeeded":
      return paint.green(standing);
    case "running":
    case "waiting":
      return paint.cyan(standing);
    case "parked":
    case "cancelled":
      return paint.yellow(standing);
    case "failed_recoverable":
    case "failed":
    case "expired":
    default:
      return paint.red(standing);
  }
}
