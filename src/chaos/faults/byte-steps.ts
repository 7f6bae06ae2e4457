/** What several faults do to the bytes of a response. */
import type { Step } from "../exchange.ts";

type Head = Extract<Step, { kind: "head" }>;
type Bytes = Extract<Step, { kind: "bytes" }>;

/** Pieces that a trickle is cut in, at most. */
const TRICKLE_PIECES_MAX = 400;

export function isHead(step: Step): step is Head {
  return step.kind === "head";
}

export function isBytes(step: Step): step is Bytes {
  return step.kind === "bytes";
}

/** True for a response of server-sent events: an error in its place is none. */
export function isEventStream(steps: readonly Step[]): boolean {
  const type = steps.find(isHead)?.headers["content-type"] ?? "";
  return type.startsWith("text/event-stream");
}

/** The whole body as one piece. */
export function bytesOf(steps: readonly Step[]): Uint8Array {
  return Buffer.concat(steps.filter(isBytes).map((step) => step.bytes));
}

/** Each piece of the body through `change`; the rest as it was. */
export function mapBytes(
  steps: readonly Step[],
  change: (bytes: Uint8Array, index: number) => readonly Step[],
): readonly Step[] {
  let index = 0;
  return steps.flatMap((step) => (isBytes(step) ? change(step.bytes, index++) : [step]));
}

/** Everything up to the middle of the body; at least one byte is kept back. */
export function cutInHalf(steps: readonly Step[]): readonly Step[] {
  const body = bytesOf(steps);
  const kept: Step[] = steps.filter(isHead);
  return [...kept, { kind: "bytes", bytes: body.subarray(0, Math.floor(body.length / 2)) }];
}

/** The body in small pieces with equal waits, which last `totalMs` together. */
export function trickle(steps: readonly Step[], totalMs: number): readonly Step[] {
  const body = bytesOf(steps);
  const size = Math.max(1, Math.ceil(body.length / TRICKLE_PIECES_MAX));
  const count = Math.ceil(body.length / size);
  const slow: Step[] = steps.filter(isHead);
  for (let at = 0; at < body.length; at += size) {
    slow.push({ kind: "wait", ms: totalMs / count });
    slow.push({ kind: "bytes", bytes: body.subarray(at, at + size) });
  }
  return [...slow, ...steps.filter((step) => step.kind === "end" || step.kind === "reset")];
}

/** A piece of text as a step. */
export function textStep(text: string): Step {
  return { kind: "bytes", bytes: Buffer.from(text, "utf8") };
}
