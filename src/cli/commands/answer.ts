/** `approve`, `deny`, `decline`, `raise`: a person's word, judged by the config's `people`. */
import { prepareTool } from "../../tools/tool.ts";
import type { PastApproval } from "../../journal/approval-history.ts";
import { BridleError } from "../../std/error.ts";
import { isJsonObject, type JsonObject } from "../../std/json.ts";
import { loadProject, type Project } from "../config.ts";
import { exitCodes } from "../exit-code.ts";
import { findApproval } from "../find-approval.ts";
import { findRun } from "../find-run.ts";
import { openJournal, type JournalOptions, type OpenJournal } from "../journal.ts";
import { createOutput } from "../output.ts";
import { parseInput } from "../read-input.ts";
import { guardJson, guardText } from "../render/guarded.ts";
import { handleOf, tellPosted } from "./message.ts";

interface AnswerOptions extends JournalOptions {
  readonly json?: boolean;
  /** Who says so. The terminal's user vouches for it: it is not checked here. */
  readonly as: string;
}

export interface VoteOptions extends AnswerOptions {
  readonly reason?: string;
  /** The person in whose place it is said. */
  readonly for?: string;
  /** Other arguments, as JSON. */
  readonly edit?: string;
}

export interface DeclineOptions extends AnswerOptions {
  readonly reason: string;
}

export interface RaiseOptions extends AnswerOptions {
  readonly usd?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export async function approveCall(named: string, options: VoteOptions): Promise<number> {
  return vote(named, options, options.edit === undefined ? "approve" : "edit");
}

export async function denyCall(named: string, options: VoteOptions): Promise<number> {
  return vote(named, options, "deny");
}

async function vote(
  named: string,
  options: VoteOptions,
  decision: "approve" | "deny" | "edit",
): Promise<number> {
  const { project, journal } = await openWithPeople(options);
  const { store } = journal;
  const approval = await findApproval(store, named);
  const { approvalId, callHash, runId } = approval;
  const input =
    options.edit === undefined ? undefined : await editedInput(options.edit, { approval, project });
  const { as: by, for: onBehalfOf, reason } = options;
  await handleOf(journal, runId).vote({
    approvalId,
    by,
    callHash,
    decision,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(reason === undefined ? {} : { reason }),
    ...(input === undefined ? {} : { input }),
  });
  const shown = guardJson(input ?? approval.input);
  const call = `${approval.callId} ${guardText(approval.tool)} ${shown.text}`;
  const output = createOutput();
  for (const warning of shown.warnings) output.say(`${output.sayPaint.red("warning:")} ${warning}`);
  await tellPosted(store, runId, {
    isJson: options.json === true,
    posted: { approvalId, callId: approval.callId, by, posted: decision },
    text: `${decision} by ${guardText(by)} is posted for ${call}`,
  });
  if (decision === "edit") output.say("the changed call is asked about anew, of somebody else");
  await store.close();
  return exitCodes.ok;
}

/** A person's word that an obligation of a run need not be met. */
export async function declineObligation(
  given: { readonly named: string; readonly obligationId: string },
  options: DeclineOptions,
): Promise<number> {
  const { journal } = await openWithPeople(options);
  const { store } = journal;
  const { runId } = await findRun(store, given.named);
  const { obligationId } = given;
  const { as: by, reason } = options;
  await handleOf(journal, runId).decline(obligationId, { by, reason });
  await tellPosted(store, runId, {
    isJson: options.json === true,
    posted: { obligationId, by, posted: "decline" },
    text: `decline of "${guardText(obligationId)}" by ${guardText(by)} is posted`,
  });
  await store.close();
  return exitCodes.ok;
}

/** A person allows a run more than its budget; the one that waits for it goes on. */
export async function raiseBudget(named: string, options: RaiseOptions): Promise<number> {
  const { usd, inputTokens, outputTokens, as: by } = options;
  const more = {
    ...(usd === undefined ? {} : { usdMicros: Math.floor(usd * 1e6) }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
  if (!Object.values(more).some((amount) => amount > 0)) {
    throw new BridleError("usage", "Nothing is raised", {
      hint: "Say by how much: --usd 0.5, --input-tokens 10000 or --output-tokens 2000.",
    });
  }
  const { journal } = await openWithPeople(options);
  const { store } = journal;
  const { runId } = await findRun(store, named);
  await handleOf(journal, runId).raise(more, by);
  const told = Object.entries(more).map(([unit, amount]) => `${amount} ${unit}`);
  await tellPosted(store, runId, {
    isJson: options.json === true,
    posted: { by, more, posted: "raise" },
    text: `${told.join(", ")} more, by ${guardText(by)}, is posted`,
  });
  await store.close();
  return exitCodes.ok;
}

/** Who may answer stands in the config: without it nobody may. */
async function openWithPeople(
  options: AnswerOptions,
): Promise<{ readonly project: Project; readonly journal: OpenJournal }> {
  const project = await loadProject(options.config);
  const { people = [] } = project.config;
  if (people.length === 0) {
    throw new BridleError("approval_invalid", "The config names nobody who may answer", {
      hint: 'Add to it: people: [{ id: "ann", roles: ["lead"] }].',
    });
  }
  const { store } = options;
  const journal = await openJournal({
    config: project.file,
    ...(store === undefined ? {} : { store }),
  });
  return { project, journal };
}

/** Checked against the tool's schema at once, where the config has the tool. */
async function editedInput(
  json: string,
  given: { readonly approval: PastApproval; readonly project: Project },
): Promise<JsonObject> {
  const { approval, project } = given;
  const input = parseInput(json, "--edit");
  if (!isJsonObject(input)) {
    throw new BridleError("input_invalid", "--edit is no JSON object", {
      hint: "Give all arguments of the call, not only the changed ones.",
    });
  }
  const agent = project.config.agents.find(({ name }) => name === approval.agent);
  const definition = agent?.tools?.[approval.tool];
  if (definition === undefined) return input;
  const tool = await prepareTool(approval.tool, definition);
  const checked = await tool.schema.check(input);
  if (checked.ok) return input;
  const problems = checked.problems.map(({ path, message }) => `${path || "input"}: ${message}`);
  throw new BridleError("input_invalid", `--edit does not fit the tool "${approval.tool}"`, {
    hint: problems.join("; "),
  });
}
