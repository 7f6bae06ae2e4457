/** From a request to the steps on its socket: each stage, and the faults that act on it. */
import { isJsonObject, type Json } from "../std/json.ts";
import type { ChatAnswer, ChatFailure, ChatReply } from "./chat.ts";
import type { AnswerFrame, WireDialect } from "./dialects/dialect.ts";
import { eventText, textOf } from "./event-text.ts";
import type { FaultContext, Frame, Planned, PlannedFault, Step, WireFault } from "./exchange.ts";

/** A fault that may act on this exchange, with what it is told of it. */
export interface ActingFault extends PlannedFault {
  readonly context: FaultContext;
}

export interface Stage {
  readonly dialect: WireDialect;
  readonly frame: AnswerFrame;
  readonly faults: readonly ActingFault[];
  /** Asks the model; not called when a fault replies in its place. */
  readonly ask: () => ChatReply;
  /** True: each event of a stream goes out on its own. */
  readonly isFrameByFrame: boolean;
}

export interface Staged {
  readonly steps: readonly Step[];
  /** Those that acted. */
  readonly faults: readonly ActingFault[];
}

/** The planned faults that fit the dialect and the kind of answer that is asked for. */
export function actingFaults(
  planned: readonly PlannedFault[],
  exchange: Omit<FaultContext, "random" | "argument">,
): readonly ActingFault[] {
  const { dialect, request } = exchange;
  const kind = request.stream ? "stream" : "whole";
  return planned
    .filter(({ fault }) => fault.dialects?.includes(dialect) ?? true)
    .filter(({ fault }) => (fault.only ?? kind) === kind)
    .map(({ fault, argument, random }) => ({
      fault,
      argument,
      random,
      context: { ...exchange, random, argument },
    }));
}

/** Runs all stages of one exchange. */
export function stageExchange(stage: Stage): Staged {
  const replying = stage.faults.find(({ fault }) => fault.reply !== undefined);
  const replied = replying?.fault.reply?.(replying.context);
  const shown = new Set<ActingFault>();
  if (replying !== undefined && replied !== undefined) {
    shown.add(replying);
    // No answer, so nothing for the stages of an answer; what acts on the socket still does.
    return finish(stage, replied, { faults: stage.faults.filter(actsOnSteps), shown });
  }
  const reply = stage.ask();
  if (reply.kind === "failure") {
    const planned = planFailure(stage.dialect, reply);
    return finish(stage, planned, { faults: stage.faults.filter(actsOnSteps), shown });
  }
  const faults = stage.faults.filter((acting) => suits(acting.fault, reply, stage));
  return finish(stage, stageAnswer(stage, reply, { faults, shown }), { faults, shown });
}

/** The faults of one exchange, and those of them that have changed something so far. */
interface Acting {
  readonly faults: readonly ActingFault[];
  readonly shown: Set<ActingFault>;
}

/** One stage through every fault. Whoever hands back the very thing it got has not shown. */
function throughAll<T>(
  given: T,
  acting: Acting,
  change: (value: T, each: ActingFault) => T | undefined,
): T {
  let value = given;
  for (const each of acting.faults) {
    const changed = change(value, each);
    if (changed === undefined || changed === value) continue;
    acting.shown.add(each);
    value = changed;
  }
  return value;
}

function finish(stage: Stage, planned: Planned, acting: Acting): Staged {
  const isFrameByFrame = stage.isFrameByFrame || acting.faults.some(actsOnSteps);
  const steps = throughAll(stepsOf(planned, isFrameByFrame), acting, (steps, each) =>
    each.fault.steps?.(steps, each.context),
  );
  return { steps, faults: stage.faults.filter((each) => acting.shown.has(each)) };
}

/** An error response in the dialect's shape, or as it was written. */
export function planFailure(dialect: WireDialect, failure: ChatFailure): Planned {
  const { status, headers = {} } = failure;
  const body = "body" in failure ? failure.body : dialect.errorBody(status, failure.error);
  return { kind: "body", status, headers, body };
}

/** What goes on the socket. In one piece unless each frame is to go out on its own. */
export function stepsOf(planned: Planned, isFrameByFrame: boolean): readonly Step[] {
  if (planned.kind === "body") {
    const isText = typeof planned.body === "string";
    const bytes = Buffer.from(textOf(planned.body));
    const headers = withDefaults(planned.headers, {
      "content-type": isText ? "text/plain; charset=utf-8" : "application/json",
      "content-length": String(bytes.length),
    });
    return [
      { kind: "head", status: planned.status, headers },
      { kind: "bytes", bytes },
      { kind: "end" },
    ];
  }
  const headers = withDefaults(planned.headers, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  const texts = planned.frames.map(eventText);
  // One write for all events where nobody looks: one per event would cost more than the answer.
  const writes = isFrameByFrame ? texts : [texts.join("")];
  return [
    { kind: "head", status: planned.status, headers },
    ...writes.map((text): Step => ({ kind: "bytes", bytes: Buffer.from(text) })),
    { kind: "end" },
  ];
}

function actsOnSteps({ fault }: ActingFault): boolean {
  return fault.steps !== undefined;
}

/** Whether the fault shows on this answer. */
function suits(fault: WireFault, answer: ChatAnswer, stage: Stage): boolean {
  if (fault.needs === "text" && (answer.text ?? "") === "") return false;
  if (fault.needs === "call" && (answer.toolCalls ?? []).length === 0) return false;
  const isWritten = stage.frame.request.stream
    ? fault.frames !== undefined
    : fault.body !== undefined;
  return isWritten || fault.answer !== undefined || fault.steps !== undefined;
}

function stageAnswer(stage: Stage, reply: ChatAnswer, acting: Acting): Planned {
  const { dialect, frame } = stage;
  const answer = throughAll(reply, acting, (answer, each) =>
    each.fault.answer?.(answer, each.context),
  );
  dialect.remember?.(answer, frame);
  if (frame.request.stream) {
    const written: readonly Frame[] = dialect.frames(answer, frame);
    const frames = throughAll(written, acting, (frames, each) =>
      each.fault.frames?.(frames, each.context),
    );
    return { kind: "stream", status: 200, headers: {}, frames };
  }
  const written: Json = dialect.body(answer, frame);
  // What is no object any more is nothing that a further fault could act on.
  const body = throughAll<Json>(written, acting, (body, each) =>
    isJsonObject(body) ? each.fault.body?.(body, each.context) : undefined,
  );
  return { kind: "body", status: 200, headers: {}, body };
}

/** Header names are compared as HTTP compares them. */
function withDefaults(
  headers: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const missing = Object.entries(defaults).filter(([name]) => !given.has(name));
  return { ...Object.fromEntries(missing), ...headers };
}
