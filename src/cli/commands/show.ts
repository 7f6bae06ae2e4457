import type { JournalEvent } from "../../journal/event.ts";
import { readEvents } from "../../journal/read-run.ts";
import type { RunRow } from "../../journal/store.ts";
import { exitCodes } from "../exit-code.ts";
import { findRun } from "../find-run.ts";
import { followEvents } from "../follow.ts";
import { openJournal, type OpenJournal } from "../journal.ts";
import { createOutput, type Output } from "../output.ts";
import { storyTeller, type Tell } from "../render/story.ts";
import { oneLine } from "../render/text.ts";
import { isSimulated, summarise, summaryLines } from "../render/summary.ts";

export interface ShowOptions {
  readonly follow?: boolean;
  /** The journal's own events in place of the story. */
  readonly events?: boolean;
  /** Nothing is cut short. */
  readonly full?: boolean;
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

/** Characters of an input or output, unless `--full`. */
const CHARS_MAX = 600;

/** Tells the story of one run. */
export async function showRun(named: string, options: ShowOptions): Promise<number> {
  const journal = await openJournal(options);
  const output = createOutput();
  const row = await findRun(journal.store, named);
  const events: JournalEvent[] = [];
  const print = printer(options, output);
  const { runId } = row;
  const source =
    options.follow === true
      ? followEvents(journal.store, runId)
      : await readEvents(journal.store, runId);
  for await (const event of source) {
    events.push(event);
    print(event);
  }
  if (options.events !== true) await printSummary({ journal, row, events }, options, output);
  await journal.store.close();
  return exitCodes.ok;
}

function printer(options: ShowOptions, output: Output): (event: JournalEvent) => void {
  const isLines = options.events === true || options.follow === true;
  if (options.json === true) {
    return isLines ? (event) => output.json(event) : () => undefined;
  }
  const charsMax = options.full === true ? Number.POSITIVE_INFINITY : CHARS_MAX;
  const tell: Tell =
    options.events === true
      ? (event) => [eventLine(event)]
      : storyTeller({ paint: output.paint, charsMax });
  return (event) => {
    for (const line of tell(event)) output.out(line);
  };
}

/** `12  call.completed  {…}`: the event as the journal holds it. */
function eventLine(event: JournalEvent): string {
  const { seq, at, kind, ...body } = event;
  const time = new Date(at).toISOString();
  return `${String(seq).padStart(4)}  ${time}  ${kind.padEnd(20)} ${oneLine(JSON.stringify(body))}`;
}

interface Shown {
  readonly journal: OpenJournal;
  readonly row: RunRow;
  readonly events: readonly JournalEvent[];
}

async function printSummary(shown: Shown, options: ShowOptions, output: Output): Promise<void> {
  const { journal, events } = shown;
  // The row may have moved on while it was followed.
  const row = (await journal.store.get(shown.row.runId)) ?? shown.row;
  const summary = summarise({ row, events, prices: journal.prices, now: Date.now() });
  if (options.json === true) {
    // While following, each line is an event and nothing else.
    if (options.follow !== true) output.json({ ...summary, events });
    return;
  }
  if (isSimulated(events)) {
    output.out(output.paint.yellow("the model was simulated: no language model was asked"));
  }
  for (const line of summaryLines(summary, output.paint)) output.out(line);
}
