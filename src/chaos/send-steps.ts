import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { systemClock } from "../std/clock.ts";
import type { ToolStep } from "./tool-answer.ts";

/** A client that waits longer on a hanging connection has no limit of its own. */
const HANG_MS_MAX = 600_000;

/** True when the client was still there at the end of a response that ended in order. */
export async function sendSteps(
  response: ServerResponse,
  steps: readonly ToolStep[],
): Promise<boolean> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once("close", leave);
  try {
    for (const step of steps) {
      if (response.destroyed) return false;
      await sendStep(response, step, gone.signal);
    }
    return response.writableFinished;
  } catch (thrown) {
    // Waiting ends with the connection; anything else is a defect.
    if (!gone.signal.aborted) throw thrown;
    return false;
  } finally {
    response.removeListener("close", leave);
  }
}

async function sendStep(
  response: ServerResponse,
  step: ToolStep,
  gone: AbortSignal,
): Promise<void> {
  switch (step.kind) {
    case "head":
      response.writeHead(step.status, step.headers);
      response.flushHeaders();
      return;
    case "bytes":
      if (!response.write(step.bytes)) await once(response, "drain", { signal: gone });
      return;
    case "wait":
      await systemClock.sleep(step.ms, gone);
      return;
    case "hang":
      await systemClock.sleep(HANG_MS_MAX, gone);
      response.destroy();
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "close":
      response.socket?.destroySoon();
      return;
    case "end":
      await finish(response, gone);
      return;
    default:
      step satisfies never;
  }
}

async function finish(response: ServerResponse, gone: AbortSignal): Promise<void> {
  const finished = once(response, "finish", { signal: gone });
  response.end();
  await finished;
}
