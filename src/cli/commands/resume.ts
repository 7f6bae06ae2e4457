import type { Json } from "../../std/json.ts";
import { readRun } from "../../journal/read-run.ts";
import type { OpenDoubt } from "../../journal/run.ts";
import type { JournalStore, RunRow } from "../../journal/store.ts";
import { BridleError } from "../../std/error.ts";
import { didYouMean } from "../../std/suggest.ts";
import { loadProject, type Project } from "../config.ts";
import type { AgentDefinition } from "../../orchestration/agent.ts";
import { driveRun } from "../drive.ts";
import { findRun } from "../find-run.ts";
import { openForWork } from "../journal.ts";
import { parseInput } from "../read-input.ts";
import { isHeld, ownerText } from "../render/run-state.ts";

export interface ResumeOptions {
  /** `CALL` or `CALL=JSON`. */
  readonly happened?: readonly string[];
  readonly notHappened?: readonly string[];
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

interface Word {
  readonly callId: string;
  readonly truth:
    | { readonly happened: true; readonly output?: Json }
    | { readonly happened: false };
}

/** Takes an unfinished run up and drives it on; a person's word on calls in doubt comes first. */
export async function resumeRun(named: string, options: ResumeOptions): Promise<number> {
  const words = wordsOf(options);
  const project = await loadProject(options.config);
  const store = openForWork(project, options.store);
  const row = await findRun(store, named);
  checkResumable(row);
  const agent = agentOfRun(project, row);
  await checkWords(store, row.runId, words);
  const isJson = options.json === true;
  return driveRun({
    project,
    agent,
    store,
    isJson,
    begin: async (harness) => {
      const run = await harness.run(row.runId);
      for (const { callId, truth } of words) await run.resolve(callId, truth);
      return row.runId;
    },
  });
}

function checkResumable(row: RunRow): void {
  if (row.status === "finished") {
    throw new BridleError("run_terminal", `Run ${row.runId} has already ended: ${row.outcome}`, {
      hint: `See how with \`bridle show ${row.runId}\`; start it again if it is still needed.`,
    });
  }
  if (row.lease === null || !isHeld(row, Date.now())) return;
  const owner = ownerText(row.lease.owner);
  throw new BridleError("run_running", `Run ${row.runId} is running in ${owner}`, {
    hint: `Follow it with \`bridle show ${row.runId} --follow\`, or stop that process first.`,
  });
}

function agentOfRun(project: Project, row: RunRow): AgentDefinition {
  const { agents } = project.config;
  const found = agents.find((agent) => agent.name === row.agent);
  if (found !== undefined) return found;
  const known = didYouMean(
    row.agent,
    agents.map((agent) => agent.name),
  );
  throw new BridleError("agent_unknown", `Run ${row.runId} needs the agent "${row.agent}"`, {
    hint: `The config does not have it. ${known}`,
  });
}

function wordsOf(options: ResumeOptions): readonly Word[] {
  const { happened = [], notHappened = [] } = options;
  const words: Word[] = [
    ...happened.map(happenedWord),
    ...notHappened.map((callId): Word => ({ callId, truth: { happened: false } })),
  ];
  const twice = words.find(({ callId }, at) => words.findIndex((w) => w.callId === callId) !== at);
  if (twice === undefined) return words;
  throw new BridleError("usage", `Two words on the call ${twice.callId}`, {
    hint: "Say of each call once whether it happened.",
  });
}

function happenedWord(word: string): Word {
  const equals = word.indexOf("=");
  if (equals < 0) return { callId: word, truth: { happened: true } };
  const output = parseInput(word.slice(equals + 1), `the result in --happened ${word}`);
  return { callId: word.slice(0, equals), truth: { happened: true, output } };
}

/** A word on a call that is not in doubt would be kept and change nothing: it is refused. */
async function checkWords(
  store: JournalStore,
  runId: string,
  words: readonly Word[],
): Promise<void> {
  if (words.length === 0) return;
  const state = await readRun(store, runId);
  const open: readonly OpenDoubt[] = state?.doubts ?? [];
  for (const { callId } of words) {
    if (open.some((doubt) => doubt.callId === callId)) continue;
    const calls = open.map((doubt) => doubt.callId);
    const isClaimed = state?.calls.some(
      (call) => call.callId === callId && call.status === "claimed",
    );
    const none = calls.length === 0 ? "No call of this run is." : didYouMean(callId, calls);
    throw new BridleError("input_invalid", `Call "${callId}" of run ${runId} is not in doubt`, {
      hint: isClaimed === true ? `Its worker is gone: \`bridle resume ${runId}\` finds out.` : none,
    });
  }
}
