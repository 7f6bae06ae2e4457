/**
 * The only place where a tool's `execute` is reached (the tidy test holds this).
 *
 * X1 What runs is what was decided on: the arguments are hashed again right before.
 * X2 Nobody waits past the deadline; a late answer is dropped.
 * X3 A throw is a value: it says what is known about whether the effect happened.
 */
import { assert } from "../std/assert.ts";
import { errorMessage } from "../std/error.ts";
import { toJson, type Json } from "../std/json.ts";
import { didNotHappen, isToolError, isTransient } from "../tools/tool-error.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import { hashArgs } from "../journal/run.ts";
import type { Session } from "./session.ts";

/** One permitted run of a tool. */
export interface Permit {
  readonly tool: Tool;
  readonly callId: string;
  readonly toolCallId: string;
  readonly input: Json;
  readonly argsHash: string;
  readonly key: string;
  readonly attempt: number;
}

export type Executed =
  | { readonly kind: "returned"; readonly output: Json; readonly via: "execute" | "transaction" }
  | {
      readonly kind: "threw";
      readonly message: string;
      readonly hint?: string;
      readonly happened: "no" | "unknown";
      readonly isTransient: boolean;
      /** Nobody knows more than that no answer came in time. */
      readonly isTimeout: boolean;
    };

export async function executeCall(session: Session, permit: Permit): Promise<Executed> {
  const { tool, input } = permit;
  assert(hashArgs(input) === permit.argsHash, "X1: the arguments changed after the decision");
  const deadline = session.clock.now() + tool.timeoutMs;
  const stop = new AbortController();
  const outer = tool.effect.class === "read" ? session.abort.signal : session.hardAbort.signal;
  const forward = (): void => stop.abort(outer.reason);
  outer.addEventListener("abort", forward, { once: true });
  if (outer.aborted) forward();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Executed>((resolve) => {
    const expire = (): void => {
      const reason = outer.aborted
        ? "it was stopped before it answered"
        : `no answer within ${tool.timeoutMs} ms`;
      stop.abort(new DOMException(reason, "TimeoutError"));
      resolve(noAnswer(reason));
    };
    timer = setTimeout(expire, tool.timeoutMs);
    stop.signal.addEventListener("abort", expire, { once: true });
  });
  const context: Omit<ToolContext, "tx"> = {
    idempotencyKey: permit.key,
    runId: session.fence.runId,
    callId: permit.callId,
    toolCallId: permit.toolCallId,
    attempt: permit.attempt,
    abortSignal: stop.signal,
    deadline,
  };
  try {
    return await Promise.race([run(permit, context), late]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", forward);
  }
}

async function run(permit: Permit, context: Omit<ToolContext, "tx">): Promise<Executed> {
  const { definition, effect } = permit.tool;
  // The schema has checked the input; its type is the author's affair.
  const input = permit.input as never;
  try {
    if (effect.transactor !== undefined) {
      const work = async (tx: unknown): Promise<Json> =>
        toJson(await definition.execute?.(input, { ...context, tx }));
      const { output } = await effect.transactor.run(permit.key, work);
      return { kind: "returned", output, via: "transaction" };
    }
    const output = await definition.execute?.(input, context);
    return { kind: "returned", output: toOutput(output), via: "execute" };
  } catch (thrown) {
    return threw(thrown);
  }
}

/** Strings pass as they are; anything else is copied, so that later changes cannot reach us. */
function toOutput(output: unknown): Json {
  return typeof output === "string" ? output : toJson(output);
}

function threw(thrown: unknown): Executed {
  const hint = isToolError(thrown) ? thrown.hint : undefined;
  const isTimeout = thrown instanceof Error && thrown.name === "TimeoutError";
  return {
    kind: "threw",
    message: errorMessage(thrown).slice(0, 1_000),
    ...(hint === undefined ? {} : { hint }),
    happened: didNotHappen(thrown) ? "no" : "unknown",
    isTransient: isTransient(thrown),
    isTimeout,
  };
}

function noAnswer(reason: string): Executed {
  return {
    kind: "threw",
    message: reason,
    happened: "unknown",
    isTransient: true,
    isTimeout: true,
  };
}
