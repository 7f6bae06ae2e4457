/**
 * What is kept of a stream that broke: for people to look at, so it holds no key, although a
 * provider may have echoed one, and it is bounded.
 */
import { redactBeginning } from "./fault/redact.ts";
import { ARRIVED_CHARS_MAX, type Arrived } from "./stream.ts";

/** UTF-8; the journal counts bytes. */
const ARRIVED_BYTES_MAX = 16 * 1024;

export function salvageOf(arrived: Arrived): Arrived {
  const { text } = arrived;
  if (text === "") return arrived;
  const safe = redactBeginning(text, text.length >= ARRIVED_CHARS_MAX);
  return { ...arrived, text: firstBytes(safe, ARRIVED_BYTES_MAX) };
}

/** Whole characters only; half of one becomes the character that stands for what was lost. */
function firstBytes(text: string, bytesMax: number): string {
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(text, new Uint8Array(bytesMax));
  return text.slice(0, read).toWellFormed();
}
