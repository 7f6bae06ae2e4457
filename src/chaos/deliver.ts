/**
 * Writes steps on a socket. Whatever they say, it comes to an end: when the client leaves, or when
 * nothing could be sent for ten minutes.
 */
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { unreachable } from "../std/assert.ts";
import type { Step } from "./exchange.ts";

/** How long one wait, one hang, or one write that nobody reads may last. */
const PATIENCE_MS = 10 * 60_000;

/** A step of any service's response: a header may stand in it more than once. */
export type SocketStep =
  | Exclude<Step, { readonly kind: "head" }>
  | { readonly kind: "head"; readonly status: number; readonly headers: OutgoingHttpHeaders };

export interface Delivery {
  /** As it was sent; 0 when no head was. */
  readonly status: number;
  /** True when the client closed the connection before all was sent. */
  readonly clientLeft: boolean;
}

type Course = "open" | "done" | "left";

interface Line {
  readonly response: ServerResponse;
  readonly patienceMs: number;
  /** Resolves when the connection closes, from either side, or is done with this response. */
  readonly gone: Promise<void>;
  isGone: boolean;
  status: number;
  isHeadFlushed: boolean;
  /** Body bytes that the head announced, and those written so far. */
  announced: number | undefined;
  written: number;
  isWatched: boolean;
  isGivenUp: boolean;
}

/**
 * Resolves when the response is sent, cut off or given up, or when the client has left. It is given
 * up when nothing moved for `patienceMs`: in a wait, in a hang, or because nobody reads.
 */
export async function deliver(
  response: ServerResponse,
  steps: readonly SocketStep[],
  patienceMs: number = PATIENCE_MS,
): Promise<Delivery> {
  const line = openLine(response, patienceMs);
  let course: Course = "open";
  for (const [index, step] of steps.entries()) {
    course = await perform(line, step, steps[index + 1]);
    if (course !== "open") break;
  }
  if (course === "open") course = await end(line);
  return { status: line.status, clientLeft: course === "left" && !line.isGivenUp };
}

function openLine(response: ServerResponse, patienceMs: number): Line {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const line: Line = {
    response,
    patienceMs,
    gone,
    isGone: response.destroyed || response.socket === null,
    status: 0,
    isHeadFlushed: false,
    announced: undefined,
    written: 0,
    isWatched: false,
    isGivenUp: false,
  };
  if (line.isGone) resolve();
  response.once("close", () => {
    line.isGone = true;
    resolve();
  });
  return line;
}

/** From here on the response may stand still; not for ever. */
function watch(line: Line): void {
  if (line.isWatched) return;
  line.isWatched = true;
  line.response.setTimeout(line.patienceMs, () => {
    line.isGivenUp = true;
    line.response.destroy();
  });
}

async function perform(
  line: Line,
  step: SocketStep,
  next: SocketStep | undefined,
): Promise<Course> {
  if (line.isGone) return "left";
  switch (step.kind) {
    case "head":
      return writeHead(line, step);
    case "bytes":
      // The last bytes and the end in one packet.
      return next?.kind === "end" ? end(line, step.bytes) : write(line, step.bytes);
    case "wait":
      return wait(line, step.ms);
    case "hang":
      flushHead(line);
      watch(line);
      await line.gone;
      return "left";
    case "reset":
      line.response.socket?.resetAndDestroy();
      return "done";
    case "end":
      return end(line);
    default:
      return unreachable(step, "perform");
  }
}

function writeHead(line: Line, head: Extract<SocketStep, { kind: "head" }>): Course {
  line.status = head.status;
  for (const [name, value] of Object.entries(head.headers)) {
    if (name.toLowerCase() === "content-length") line.announced = Number(value);
  }
  line.response.writeHead(head.status, head.headers);
  return "open";
}

/** Node keeps a head back until the first bytes; before a pause it has to go by itself. */
function flushHead(line: Line): void {
  if (line.status === 0 || line.isHeadFlushed) return;
  line.isHeadFlushed = true;
  line.response.flushHeaders();
}

/** Waits until the system has taken the bytes, and a turn more: each write is its own packet. */
async function write(line: Line, bytes: Uint8Array): Promise<Course> {
  const target = line.status === 0 ? line.response.socket : line.response;
  line.isHeadFlushed = line.status !== 0;
  line.written += bytes.length;
  watch(line);
  const taken = new Promise<void>((resolve) => target?.write(bytes, () => resolve()));
  await Promise.race([taken, line.gone]);
  await turn();
  return line.isGone ? "left" : "open";
}

async function wait(line: Line, ms: number): Promise<Course> {
  flushHead(line);
  watch(line);
  const leaving = new AbortController();
  const { signal } = leaving;
  // A wait keeps no process alive: the server does, unless it is a background server.
  const waited = pause(Math.max(0, ms), undefined, { ref: false, signal });
  await Promise.race([waited.catch(() => undefined), line.gone]);
  leaving.abort();
  return line.isGone ? "left" : "open";
}

async function end(line: Line, bytes?: Uint8Array): Promise<Course> {
  const { response } = line;
  if (line.status === 0) {
    if (bytes !== undefined) await write(line, bytes);
    response.socket?.destroySoon();
    await line.gone;
    return "done";
  }
  line.written += bytes?.length ?? 0;
  const { socket } = response;
  response.end(bytes);
  // A client that was promised another number of bytes would wait for them, or take the next
  // response's; only the end of the connection tells it.
  if (line.announced !== undefined && line.announced !== line.written) socket?.destroySoon();
  if (response.writableLength > 0) watch(line);
  await line.gone;
  return response.writableFinished ? "done" : "left";
}
