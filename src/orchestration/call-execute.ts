/**
 * The only place where a tool's `execute` is reached (the tidy test holds this).
 *
 * X1 What runs is what was decided on: the arguments are hashed again right before.
 * X2 Nobody waits past the deadline. A tool that goes on after it is remembered as a straggler,
 *    because "it did not happen" cannot be believed while it runs.
 * X3 A throw is a value: it says what is known about whether the effect happened.
 * X4 A tool that returned has done its effect, whatever it returned.
 */
import { assert } from "../std/assert.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { didNotHappen, isToolError, isTransient } from "../tools/tool-error.ts";
import { keepOutput } from "../tools/tool-output.ts";
import { noContext, type Tool, type ToolContext } from "../tools/tool.ts";
import { hashArgs } from "../journal/run.ts";
import type { Session } from "./session.ts";
import type { Stop } from "../std/stop.ts";

/** One permitted run of a tool. */
export interface Permit {
  readonly tool: Tool;
  readonly callId: string;
  readonly toolCallId: string;
  readonly input: Json;
  readonly argsHash: string;
  readonly key: string;
  readonly attempt: number;
  /** The rules that allowed it, when a decision point named any. */
  readonly rules: readonly string[];
}

export interface Returned {
  readonly kind: "returned";
  readonly output: Json;
  /** Why `output` only stands in for what the tool returned; null when it is that. */
  readonly dropped: string | null;
  /** What the tool returned, as it returned it. */
  readonly raw: unknown;
  readonly via: "execute" | "transaction";
}

export interface Threw {
  readonly kind: "threw";
  readonly message: string;
  readonly hint?: string;
  readonly happened: "no" | "unknown";
  readonly isTransient: boolean;
  /** The run of the tool that did not end in time. */
  readonly straggler?: Promise<Executed>;
}

export type Executed = Returned | Threw;

/** How far one run of a tool has come, for whoever stops waiting for it. */
interface Progress {
  /** False once nothing more can come of it, whatever the tool still does. */
  mayLand: boolean;
}

export async function executeCall(session: Session, permit: Permit): Promise<Executed> {
  const { tool, input } = permit;
  assert(hashArgs(input) === permit.argsHash, "X1: the arguments changed after the decision");
  const outer = tool.effect.class === "read" ? session.abort : session.hardAbort;
  if (outer.aborted) return notBegun();
  const deadline = startDeadline(tool.timeoutMs, outer);
  const context = contextOf(session, permit, deadline.stop);
  const progress: Progress = { mayLand: tool.effect.transactor === undefined };
  const running = run(session, permit, { context, progress });
  try {
    return await untilAborted(running, deadline.stop);
  } catch {
    // `run` never rejects: only the deadline or the outer signal leads here.
    if (progress.mayLand) session.straggles(permit.callId, running);
    const message = outer.aborted
      ? "it was stopped before it answered"
      : `no answer within ${tool.timeoutMs} ms`;
    return {
      kind: "threw",
      message,
      happened: "unknown",
      isTransient: true,
      straggler: running,
    };
  } finally {
    deadline.end();
  }
}

function notBegun(): Threw {
  return {
    kind: "threw",
    message: "it was stopped before it began",
    happened: "no",
    isTransient: false,
  };
}

type Context = Omit<ToolContext, "tx">;

function contextOf(session: Session, permit: Permit, stop: Stop): Context {
  const { key, callId, toolCallId, attempt, tool } = permit;
  const { messages } = session.state;
  return {
    idempotencyKey: key,
    runId: session.fence.runId,
    callId,
    toolCallId,
    attempt,
    // Made only for the tool that looks at it.
    get abortSignal() {
      return stop.signal;
    },
    deadline: Math.min(session.clock.now() + tool.timeoutMs, session.wallEnd),
    context: noContext,
    get messages() {
      // Copied only for the tool that reads it; typed by the tool's own version of the AI SDK.
      return messages.toArray().slice(0, -1) as never[];
    },
  };
}

async function run(
  session: Session,
  permit: Permit,
  given: { readonly context: Context; readonly progress: Progress },
): Promise<Executed> {
  const { context, progress } = given;
  const { definition, effect } = permit.tool;
  const { blobBytesMax } = session.store.limits;
  // The schema has checked the input; its type is the author's affair.
  const input = permit.input as never;
  try {
    if (effect.transactor === undefined) {
      const returned: unknown = await definition.execute?.(input, context);
      const raw = isStream(returned) ? await lastOf(returned) : returned;
      return { kind: "returned", ...keepOutput(raw, blobBytesMax), raw, via: "execute" };
    }
    let raw: unknown;
    let dropped: string | null = null;
    const { output } = await effect.transactor.run(permit.key, async (tx) => {
      const returned: unknown = await definition.execute?.(input, Object.assign(context, { tx }));
      raw = isStream(returned) ? await lastOf(returned) : returned;
      // Too late: whoever waited may have told the model. Throwing undoes the transaction.
      context.abortSignal.throwIfAborted();
      progress.mayLand = true;
      const kept = keepOutput(raw, blobBytesMax);
      ({ dropped } = kept);
      return kept.output;
    });
    return { kind: "returned", output, dropped, raw: raw ?? output, via: "transaction" };
  } catch (thrown) {
    return threw(thrown);
  }
}

/** A tool may return a stream of preliminary results, as the AI SDK's may; the last one counts. */
async function lastOf(returned: AsyncIterable<unknown>): Promise<unknown> {
  let last: unknown;
  for await (const piece of returned) last = piece;
  return last;
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function threw(thrown: unknown): Threw {
  const hint = isToolError(thrown) ? thrown.hint : undefined;
  return {
    kind: "threw",
    message: errorMessage(thrown).slice(0, 1_000),
    ...(hint === undefined ? {} : { hint }),
    happened: didNotHappen(thrown) ? "no" : "unknown",
    isTransient: isTransient(thrown),
  };
}
