/** What `run` and `resume` share: one run driven in this process, told as it happens. */
import { createHarness, type Harness } from "../orchestration/harness.ts";
import { drainOnSignals } from "../engines/embedded/signals.ts";
import type { AgentDefinition } from "../orchestration/agent.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { JournalStore } from "../journal/store.ts";
import { BridleError, errorMessage } from "../std/error.ts";
import { exitCodes, outcomeCodes } from "./exit-code.ts";
import { governanceOf, type Project } from "./config.ts";
import { followEvents } from "./follow.ts";
import { OneRun, type Ended } from "./one-run.ts";
import { createOutput, type Output } from "./output.ts";
import { isSimulated, summarise, summaryLines, type RunSummary } from "./render/summary.ts";
import { storyTeller } from "./render/story.ts";
import { manyLines } from "./render/text.ts";

export interface DriveOptions {
  readonly project: Project;
  readonly agent: AgentDefinition;
  readonly store: JournalStore;
  readonly isJson: boolean;
  /** Makes or finds the run; it is durable when this resolves. */
  readonly begin: (harness: Harness) => Promise<string>;
}

/** Characters of an input or output in the progress on stderr. */
const PROGRESS_CHARS_MAX = 300;

/** Drives the run to its end, until it parks, or until a signal. Resolves with the exit code. */
export async function driveRun(options: DriveOptions): Promise<number> {
  const { project, agent, store } = options;
  const { modelRetry, routes } = project.config;
  const engine = new OneRun();
  const harness = await createHarness({
    agents: [agent],
    store,
    engine,
    ...governanceOf(project),
    ...(modelRetry === undefined ? {} : { modelRetry }),
    ...(routes === undefined ? {} : { routes }),
  });
  const output = createOutput();
  const code = driveAndTell({ options, harness, engine, output });
  const stopListening = drainOnSignals(harness, {
    onSignal: (signal) =>
      output.say(`${signal}: finishing what runs; a second signal stops at once`),
    onDrained: () => code,
  });
  try {
    return await code;
  } finally {
    stopListening();
    await harness.close(0);
  }
}

interface Driving {
  readonly options: DriveOptions;
  readonly harness: Harness;
  readonly engine: OneRun;
  readonly output: Output;
}

async function driveAndTell(driving: Driving): Promise<number> {
  const { options, harness, engine, output } = driving;
  const runId = await options.begin(harness);
  const over = new AbortController();
  const driven = engine.take(runId).finally(() => over.abort());
  const events = await tellAll(driving, runId, over.signal);
  const ended = await driven;
  const row = await harness.store.get(runId);
  if (row === undefined) throw new BridleError("run_unknown", `No run "${runId}" in this journal`);
  const prices = options.project.config.prices ?? {};
  const summary = summarise({ row, events, prices, now: Date.now() });
  if (ended.kind === "failed") throw keptError(runId, ended.thrown);
  // Set before anything is printed: a reader that has gone does not change how the run ended.
  const code = codeOf(ended, summary);
  process.exitCode = code;
  tellSummary(output, options.isJson, summary);
  if (ended.kind === "stopped") {
    output.say(`stopped; nothing is lost. Go on with: bridle resume ${runId}`);
  }
  return code;
}

async function tellAll(
  driving: Driving,
  runId: string,
  stop: AbortSignal,
): Promise<readonly JournalEvent[]> {
  const { output, harness } = driving;
  const tell = storyTeller({ paint: output.sayPaint, charsMax: PROGRESS_CHARS_MAX });
  const events: JournalEvent[] = [];
  let isToldSimulated = false;
  for await (const event of followEvents(harness.store, runId, stop)) {
    events.push(event);
    if (!isToldSimulated && isSimulated([event])) {
      isToldSimulated = true;
      output.say(output.sayPaint.yellow("the model is simulated: no language model is asked"));
    }
    for (const line of tell(event)) output.say(line);
  }
  return events;
}

function tellSummary(output: Output, isJson: boolean, summary: RunSummary): void {
  for (const line of summaryLines(summary, output.sayPaint)) output.say(line);
  if (isJson) output.json(summary);
  else if (summary.text !== null && summary.text !== "") output.out(fitText(summary.text));
}

/** A pipe gets the words as they are; a terminal is not to be driven by them. */
function fitText(text: string): string {
  return process.stdout.isTTY ? manyLines(text) : text;
}

function codeOf(ended: Ended, summary: RunSummary): number {
  if (ended.kind === "parked") return exitCodes.parked;
  const { standing } = summary;
  if (standing === "running" || standing === "waiting" || standing === "parked") {
    return exitCodes.ok;
  }
  return outcomeCodes[standing];
}

/** The run could not be advanced here; it is as durable as before. */
function keptError(runId: string, thrown: unknown): BridleError {
  const kept = `The run is kept; go on with: bridle resume ${runId}`;
  if (!(thrown instanceof BridleError)) {
    return new BridleError("aborted", errorMessage(thrown), { hint: kept, cause: thrown });
  }
  const hint = thrown.hint === undefined ? kept : `${thrown.hint} ${kept}`;
  return new BridleError(thrown.code, thrown.message, { hint, cause: thrown });
}
