/** The story of a run: each event as the lines a person reads. */
import { unreachable } from "../../std/assert.ts";
import { formatDuration } from "../../std/duration.ts";
import type { JournalEvent } from "../../journal/event.ts";
import { dispatchable } from "../../journal/fold.ts";
import { messageText } from "../../journal/message.ts";
import { callIdOf } from "../../journal/run.ts";
import type { Usage } from "../../journal/usage.ts";
import type { Paint } from "../output.ts";
import { ownerText } from "./run-state.ts";
import { tellFault } from "./story-fault.ts";
import { tellGovernance } from "./story-governance.ts";
import { clip, jsonLine, manyLines, oneLine, timeText } from "./text.ts";

export interface StoryOptions {
  readonly paint: Paint;
  /** Characters of an input, an output or a text that are shown. */
  readonly charsMax: number;
}

/** Tells one run's events in their order; call it with each event once. */
export type Tell = (event: JournalEvent) => readonly string[];

type EventOf<K extends JournalEvent["kind"]> = Extract<JournalEvent, { kind: K }>;

interface Telling extends StoryOptions {
  /** Effect class by call, from its claim. */
  readonly claims: Map<string, string>;
  /** The model's last words, so that the end does not repeat them. */
  lastText: string;
  /** An answer names its model only when it is another one than before. */
  model: string;
}

export function storyTeller(options: StoryOptions): Tell {
  const telling: Telling = { ...options, claims: new Map(), lastText: "", model: "" };
  return (event) => tell(telling, event);
}

function tell(telling: Telling, event: JournalEvent): readonly string[] {
  const { bold, yellow, magenta, dim } = telling.paint;
  switch (event.kind) {
    case "run.created":
      return tellCreated(telling, event);
    case "run.leased":
      return [dim(`worker  ${takenOver(event)}`)];
    case "model.answered":
      return tellAnswer(telling, event);
    case "call.refused":
    case "call.claimed":
    case "call.completed":
    case "call.failed":
    case "call.in_doubt":
    case "call.resolved":
      return tellCall(telling, event);
    case "message.added":
      return [`${bold(event.from.padEnd(7))} ${shown(telling, event.text)}`];
    case "run.cancel_requested":
      return [`${yellow("cancel")}  asked for: ${shown(telling, event.reason)}`];
    case "run.parked":
      return [`${magenta("parked")}  waits for ${shown(telling, event.waitingFor)}`];
    case "run.finished":
      return tellEnd(telling, event);
    case "model.faulted":
      return tellFault(telling, event);
    case "tools.withheld":
      return [`${yellow("tools")}   ${shown(telling, event.text)}`];
    case "approval.requested":
    case "approval.voted":
    case "approval.settled":
    case "obligation.opened":
    case "obligation.declined":
    case "gate.checked":
    case "inbox.refused":
    case "budget.raised":
      return tellGovernance(telling, event);
    default:
      return unreachable(event, "tell");
  }
}

function takenOver({ owner, epoch, after }: EventOf<"run.leased">): string {
  const why = after === "crash" ? ", which another never gave back" : "";
  return `${ownerText(owner)} took the run over (epoch ${epoch})${why}`;
}

function tellCreated(telling: Telling, event: EventOf<"run.created">): readonly string[] {
  const { principal, idempotencyKey, input, at, runId } = event;
  const { bold } = telling.paint;
  const tenant = principal?.tenant === undefined ? "" : ` of ${principal.tenant}`;
  const by = principal === undefined ? "" : `, by ${oneLine(principal.id + tenant)}`;
  const key = idempotencyKey === undefined ? "" : `, key ${oneLine(idempotencyKey)}`;
  return [
    bold(`run ${runId}`),
    `agent   ${event.agent}`,
    `started ${timeText(at)}${by}${key}`,
    `input   ${jsonLine(input, telling.charsMax)}`,
  ];
}

function tellAnswer(telling: Telling, event: EventOf<"model.answered">): readonly string[] {
  const { bold, dim, cyan } = telling.paint;
  const { turn, ms, usage, attempts = 1, content, malformed } = event;
  telling.model = event.model ?? telling.model;
  const asked = attempts > 1 ? `, asked ${attempts} times` : "";
  const facts = `${oneLine(telling.model)}, ${formatDuration(ms)}${asked}${tokensText(usage)}`;
  const lines = [`${bold(`turn ${turn}`)}  ${dim(facts)}`];
  const text = messageText({ role: "assistant", content });
  if (text.trim() !== "") {
    telling.lastText = text;
    lines.push(`  says  ${shown(telling, text)}`);
  }
  for (const [position, part] of dispatchable(content).entries()) {
    const callId = callIdOf(turn, position);
    const written = malformed?.[String(position)];
    const input =
      written === undefined
        ? jsonLine(part.input, telling.charsMax)
        : `not JSON: ${oneLine(clip(written, telling.charsMax))}`;
    lines.push(`  ${cyan("→")} ${callId}  ${oneLine(part.toolName)} ${input}`);
  }
  if (text.trim() === "" && lines.length === 1) lines.push(`  ${dim("says nothing")}`);
  return lines;
}

function tokensText(usage: Usage): string {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return "";
  return `, ${inputTokens ?? "?"} tokens in, ${outputTokens ?? "?"} out`;
}

type CallEvent = Extract<JournalEvent, { readonly kind: `call.${string}` }>;

function tellCall(telling: Telling, event: CallEvent): readonly string[] {
  const { green, red, yellow, dim } = telling.paint;
  const { callId } = event;
  switch (event.kind) {
    case "call.refused": {
      const rules = event.rules === undefined ? "" : ` (rules: ${oneLine(event.rules.join(", "))})`;
      const why = shown(telling, event.observation);
      return [`  ${red("×")} ${callId}  refused, ${event.code}${rules}: ${why}`];
    }
    case "call.claimed": {
      const again = event.attempt === undefined ? "" : `, claim ${event.attempt}`;
      telling.claims.set(callId, event.effect);
      return [dim(`  ·  ${callId}  claimed as ${event.effect}${again}`)];
    }
    case "call.completed":
      return tellCompleted(telling, event);
    case "call.failed":
      return [
        `  ${red("×")} ${callId}  failed${triesText(event)}: ${shown(telling, event.message)}`,
      ];
    case "call.in_doubt":
      return [`  ${yellow("?")} ${callId}  ${yellow("in doubt")}: ${shown(telling, event.why)}`];
    case "call.resolved": {
      const truth = event.happened ? "it happened" : "it did not happen";
      const output =
        event.output === undefined ? "" : ` ${jsonLine(event.output, telling.charsMax)}`;
      return [`  ${green("✓")} ${callId}  no longer in doubt, ${truth} (${event.by})${output}`];
    }
    default:
      return unreachable(event, "tellCall");
  }
}

function tellCompleted(telling: Telling, event: EventOf<"call.completed">): readonly string[] {
  const { green, dim } = telling.paint;
  const { callId, output, receipt, via, ms, outputDropped } = event;
  const effect = telling.claims.get(callId) ?? "read";
  const how = via === undefined || via === "execute" ? "" : `, known by ${via}`;
  const facts = dim(`(${effect}, ${formatDuration(ms)}${triesText(event)}${how})`);
  const lines = [
    `  ${green("←")} ${callId}  ${jsonLine(output, telling.charsMax)} ${facts}`,
    ...(receipt === undefined ? [] : [`     receipt ${jsonLine(receipt, telling.charsMax)}`]),
    ...(outputDropped === undefined ? [] : [`     ${shown(telling, outputDropped)}`]),
  ];
  return lines;
}

function triesText(event: { readonly attempts?: number }): string {
  return event.attempts === undefined ? "" : `, ${event.attempts} attempts`;
}

function tellEnd(telling: Telling, event: EventOf<"run.finished">): readonly string[] {
  const { bold, green, red } = telling.paint;
  const { outcome, reason, text } = event;
  const colour = outcome === "succeeded" ? green : red;
  const isNew = text !== null && text.trim() !== "" && text !== telling.lastText;
  return [
    `${bold(colour(outcome))}  ${shown(telling, reason.message)}`,
    ...(reason.hint === undefined ? [] : [`  hint  ${shown(telling, reason.hint)}`]),
    ...(isNew ? [`  says  ${shown(telling, text)}`] : []),
  ];
}

/** Text as written, clipped; its further lines stand under the first. */
function shown(telling: Telling, text: string): string {
  return manyLines(clip(text.trim(), telling.charsMax)).replaceAll("\n", "\n        ");
}
