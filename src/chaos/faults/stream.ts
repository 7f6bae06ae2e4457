/** A stream that breaks off: each fault cuts at another part of the answer. */
import type { Dialect, FaultContext, Frame, FrameKind, Step, WireFault } from "../exchange.ts";
import { silence } from "./connection.ts";
import { unmark } from "./damaged-call.ts";

type Cut = (frames: readonly Frame[]) => readonly Frame[];

/** Up to and including the first frame of a kind; all of them when there is none. */
function throughFirst(...kinds: readonly FrameKind[]): Cut {
  return (frames) => {
    const at = frames.findIndex((frame) => isOf(frame, kinds));
    return at === -1 ? frames : frames.slice(0, at + 1);
  };
}

/** Up to and including the last frame of a kind. */
function throughLast(...kinds: readonly FrameKind[]): Cut {
  return (frames) => {
    const at = frames.findLastIndex((frame) => isOf(frame, kinds));
    return at === -1 ? frames : frames.slice(0, at + 1);
  };
}

/** Everything before the first frame of a kind. */
function before(...kinds: readonly FrameKind[]): Cut {
  return (frames) => {
    const at = frames.findIndex((frame) => isOf(frame, kinds));
    return at === -1 ? frames : frames.slice(0, at);
  };
}

/** Half of what was to be said, whatever it was. */
const throughHalf: Cut = (frames) => {
  const said = frames.filter((frame) => isOf(frame, ["text", "reasoning", "arguments"]));
  const last = said[Math.floor((said.length - 1) / 2)];
  // A call that comes in one piece leaves nothing to cut but the rest.
  return frames.slice(0, last === undefined ? 1 : frames.indexOf(last) + 1);
};

function isOf(frame: Frame, kinds: readonly FrameKind[]): boolean {
  return kinds.some((kind) => kind === frame.kind);
}

/** What follows the last frame, in place of an end in order. */
type After = (context: FaultContext) => readonly Step[];

const inOrder: After = () => [{ kind: "end" }];
const withReset: After = () => [{ kind: "reset" }];

interface Break {
  readonly name: string;
  readonly summary: string;
  readonly cut: Cut;
  readonly after: After;
  readonly needs?: "text" | "call";
  readonly dialects?: readonly Dialect[];
  /** Part of a call's arguments is lost. */
  readonly losesArguments?: boolean;
}

function breakOff(parts: Break): WireFault {
  const { name, summary, cut, after, needs, dialects, losesArguments = false } = parts;
  return {
    name,
    group: "stream",
    summary,
    only: "stream",
    ...(needs === undefined ? {} : { needs }),
    ...(dialects === undefined ? {} : { dialects }),
    ...(after === silence
      ? { argument: "milliseconds until the connection is cut; never when left out" }
      : {}),
    ...(losesArguments ? { answer: unmark } : {}),
    frames: cut,
    ...(after === inOrder ? {} : { steps: (steps, context) => endWith(steps, after(context)) }),
  };
}

function endWith(steps: readonly Step[], end: readonly Step[]): readonly Step[] {
  return [...steps.filter((step) => step.kind !== "end"), ...end];
}

/** Gemini brings a call whole, in one frame, and its finish is the last event. */
const IN_PIECES: readonly Dialect[] = ["openai-chat", "openai-responses", "anthropic"];
const inArguments = throughFirst("arguments");
const beforeFinish = before("finish", "usage", "done");

export const streamFaults: readonly WireFault[] = [
  breakOff({
    name: "eof_after_role",
    summary: "the stream ends, in order, before anything was said",
    cut: before("text", "reasoning", "tool_name", "arguments", "finish", "done"),
    after: inOrder,
  }),
  breakOff({
    name: "eof_mid_answer",
    summary: "the stream ends, in order, half-way through whatever is being said",
    cut: throughHalf,
    after: inOrder,
    losesArguments: true,
  }),
  breakOff({
    name: "eof_in_text",
    summary: "the stream ends, in order, in the middle of the text",
    cut: throughFirst("text"),
    after: inOrder,
    needs: "text",
  }),
  breakOff({
    name: "eof_after_tool_name",
    summary: "the stream ends, in order, after a call's name and before its arguments",
    cut: throughFirst("tool_name"),
    after: inOrder,
    needs: "call",
    dialects: IN_PIECES,
    losesArguments: true,
  }),
  breakOff({
    name: "eof_in_arguments",
    summary: "the stream ends, in order, in the middle of a call's arguments",
    cut: inArguments,
    after: inOrder,
    needs: "call",
    dialects: IN_PIECES,
    losesArguments: true,
  }),
  breakOff({
    name: "eof_after_arguments",
    summary: "the stream ends, in order, after the last arguments and before the call is closed",
    cut: throughLast("arguments"),
    after: inOrder,
    needs: "call",
  }),
  breakOff({
    name: "eof_before_finish",
    summary: "the stream ends, in order, when all was said and before the finish reason",
    cut: beforeFinish,
    after: inOrder,
  }),
  breakOff({
    name: "eof_before_done",
    summary: "the stream ends, in order, after the finish reason and before its last event",
    cut: before("done"),
    after: inOrder,
    dialects: IN_PIECES,
  }),
  breakOff({
    name: "reset_in_text",
    summary: "the connection is reset in the middle of the text",
    cut: throughFirst("text"),
    after: withReset,
    needs: "text",
  }),
  breakOff({
    name: "reset_in_arguments",
    summary: "the connection is reset in the middle of a call's arguments",
    cut: inArguments,
    after: withReset,
    needs: "call",
    dialects: IN_PIECES,
    losesArguments: true,
  }),
  breakOff({
    name: "reset_before_done",
    summary: "the connection is reset when everything but the last event has come",
    cut: before("done"),
    after: withReset,
    dialects: IN_PIECES,
  }),
  breakOff({
    name: "stall_in_text",
    summary: "nothing more comes in the middle of the text, and the connection stays open",
    cut: throughFirst("text"),
    after: silence,
    needs: "text",
  }),
  breakOff({
    name: "stall_in_arguments",
    summary: "nothing more comes in the middle of a call's arguments",
    cut: inArguments,
    after: silence,
    needs: "call",
    dialects: IN_PIECES,
    losesArguments: true,
  }),
  breakOff({
    name: "stall_before_done",
    summary: "everything but the last event has come, and the connection stays open",
    cut: before("done"),
    after: silence,
    dialects: IN_PIECES,
  }),
  {
    name: "duplicated_chunk",
    group: "stream",
    summary: "one piece of the text or of the arguments comes twice",
    only: "stream",
    answer: unmark,
    frames: (frames) => {
      const at = frames.findIndex(({ kind }) => kind === "text" || kind === "arguments");
      return at === -1 ? frames : frames.toSpliced(at, 0, ...frames.slice(at, at + 1));
    },
  },
];
