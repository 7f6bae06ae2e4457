/**
 * What a simulated model needs to remember about a call, carried in the call's own id.
 *
 * The mark is masked: a harness under test cannot tell a faulty call from a right one by looking
 * at ids. That is fairness, not secrecy: whoever has the key, as a scorer has, reads the mark.
 */
import { seededRandom, seedFrom } from "../std/random.ts";
import { FAULT_KINDS, type DecisionKind } from "./decision-fault.ts";

export interface CallMark {
  /** Which decision of the run made the call, counted from 0. */
  readonly decision: number;
  readonly kind: DecisionKind;
  /** Index in the script's actions; for `extra_write`, in its extras. */
  readonly index: number;
}

const KINDS: readonly DecisionKind[] = ["right", ...FAULT_KINDS];
/** Room for 16 kinds in the low bits of a 32-bit word. */
const KIND_BITS = 4;
const PATTERN = /^call_([0-9a-z]{1,7})_([0-9a-f]{8})([0-9a-f]{8})$/;

/** A call id, at most 29 characters (OpenAI takes 40). The same mark and key give the same id. */
export function mintCallId(key: string, mark: CallMark): string {
  const word = ((mark.index << KIND_BITS) | KINDS.indexOf(mark.kind)) >>> 0;
  const masks = masksFor(key, mark.decision);
  const masked = (word ^ masks.word) >>> 0;
  return `call_${mark.decision.toString(36)}_${hex(masked)}${hex(checkOf(word, masks.check))}`;
}

/** Reads a mark back, or undefined for an id that was not minted with this key. */
export function readCallMark(key: string, callId: string): CallMark | undefined {
  const match = PATTERN.exec(callId);
  if (match === null) return undefined;
  const [, decisionText = "", wordText = "", checkText = ""] = match;
  const decision = Number.parseInt(decisionText, 36);
  const masks = masksFor(key, decision);
  const word = (Number.parseInt(wordText, 16) ^ masks.word) >>> 0;
  if (checkOf(word, masks.check) !== Number.parseInt(checkText, 16)) return undefined;
  const kind = KINDS[word & ((1 << KIND_BITS) - 1)];
  return kind === undefined ? undefined : { decision, kind, index: word >>> KIND_BITS };
}

function masksFor(
  key: string,
  decision: number,
): { readonly word: number; readonly check: number } {
  const random = seededRandom(seedFrom(`${decision} ${key}`));
  return { word: (random() * 2 ** 32) >>> 0, check: (random() * 2 ** 32) >>> 0 };
}

function checkOf(word: number, mask: number): number {
  return Math.imul(word ^ mask, 0x85ebca6b) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
