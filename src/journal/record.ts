/**
 * An event as stores keep it: canonical text, chained by hash.
 *
 * R1 The body is canonical JSON; its bytes are what is hashed, stored, moved and verified.
 * R2 hash(n) = SHA-256 of the canonical header {at, body: SHA-256(body), kind, prev: hash(n-1),
 *    run, seq, v}. Changing, dropping or reordering any event breaks every later hash.
 * R3 A body member longer than `spillChars` lives in a blob named by its SHA-256; the body then
 *    holds the digest, so the chain covers the content too.
 * R4 Nothing is stored that cannot be read back: sizes are checked before anything is written.
 */
import { BridleError } from "../std/error.ts";
import { sha256 } from "../std/hash.ts";
import {
  canonicalJson,
  ENVELOPE_LEVELS,
  isJsonObject,
  parseJson,
  type Json,
  type JsonObject,
} from "../std/json.ts";
import type { EventBody, JournalEvent } from "./event.ts";
import { eventVersions } from "./event.ts";
import type { JournalLimits } from "./limits.ts";
import { isEventKind, upcast } from "./upcast.ts";

export interface EventRecord {
  readonly seq: number;
  readonly kind: string;
  readonly v: number;
  readonly at: number;
  /** Canonical JSON of the body without `kind`. */
  readonly body: string;
  /**
   * Hex SHA-256 of the header: this event's link of the chain. Stores keep it for the last event
   * of each append; between, it is null and follows from the events themselves.
   */
  readonly hash: string | null;
}

/** Content too large for an event, by its digest. */
export interface Blob {
  readonly sha256: string;
  readonly text: string;
}

export interface Sealed {
  readonly records: readonly EventRecord[];
  readonly blobs: readonly Blob[];
  /** The chain's head after these records. */
  readonly hash: string;
}

/** Where in which run the next event goes. */
export interface ChainHead {
  readonly runId: string;
  readonly seq: number;
  readonly hash: string;
}

/** The chain's start: there is no event 0. */
export function chainStart(runId: string): ChainHead {
  return { runId, seq: 0, hash: "" };
}

const SPILLED = "$spilled";

/** Turns event bodies into chained records; sizes are checked here, before any write. */
export function sealEvents(
  head: ChainHead,
  events: readonly { readonly at: number; readonly body: EventBody }[],
  limits: JournalLimits,
): Sealed {
  const records: EventRecord[] = [];
  const blobs: Blob[] = [];
  let { seq, hash } = head;
  for (const { at, body } of events) {
    seq += 1;
    const { kind, ...rest } = body;
    if (!isEventKind(kind) || !Number.isSafeInteger(at)) throw notAnEvent(kind, at);
    const text = bodyText(rest, limits, blobs);
    if (text.length > limits.eventCharsMax) {
      throw new BridleError("event_too_large", `A ${kind} event of ${text.length} characters`, {
        hint: `Events hold at most ${limits.eventCharsMax} characters: return less.`,
      });
    }
    const v = eventVersions[kind];
    hash = chainHash({ runId: head.runId, seq, hash }, { kind, v, at, body: text });
    const isLast = records.length === events.length - 1;
    records.push({ seq, kind, v, at, body: text, hash: isLast ? hash : null });
  }
  return { records, blobs, hash };
}

function notAnEvent(kind: string, at: number): BridleError {
  return new BridleError("event_invalid", `"${kind}" at ${at} cannot be written to a journal`, {
    hint: "Kinds are those of EventBody; times are whole milliseconds since the epoch.",
  });
}

/** The hash of the record that follows `previous`; `previous.seq` is already the record's own. */
export function chainHash(
  previous: ChainHead,
  record: Pick<EventRecord, "kind" | "v" | "at" | "body">,
): string {
  const { kind, v, at, body } = record;
  return sha256(
    `{"at":${at},"body":"${sha256(body)}","kind":"${kind}","prev":"${previous.hash}",` +
      `"run":${JSON.stringify(previous.runId)},"seq":${previous.seq},"v":${v}}`,
  );
}

function bodyText(body: object, limits: JournalLimits, blobs: Blob[]): string {
  const text = canonicalJson(body, ENVELOPE_LEVELS);
  if (text.length <= limits.spillChars) return text;
  const kept: Record<string, unknown> = {};
  const spilled: Record<string, JsonObject> = {};
  for (const [name, value] of Object.entries(body)) {
    const member = value === undefined ? "" : canonicalJson(value, ENVELOPE_LEVELS);
    if (member.length <= limits.spillChars) {
      kept[name] = value;
      continue;
    }
    const bytes = Buffer.byteLength(member);
    if (bytes > limits.blobBytesMax) {
      throw new BridleError("blob_too_large", `A value of ${bytes} bytes in "${name}"`, {
        hint: `Blobs hold at most ${limits.blobBytesMax} bytes: pass a reference instead.`,
      });
    }
    const digest = sha256(member);
    blobs.push({ sha256: digest, text: member });
    spilled[name] = { bytes, sha256: digest };
  }
  return canonicalJson({ [SPILLED]: spilled, ...kept }, ENVELOPE_LEVELS);
}

/** Reads a blob's text, or undefined when the store does not hold it. */
export type ReadBlob = (sha256: string) => Promise<string | undefined>;

/** A record as today's event: blobs brought back, old schema versions lifted. */
export async function openRecord(record: EventRecord, readBlob: ReadBlob): Promise<JournalEvent> {
  const parsed = parseBody(record);
  const spilled = parsed[SPILLED];
  const body = isJsonObject(spilled) ? await unspill(parsed, spilled, readBlob) : parsed;
  return asEvent(record, body);
}

/** As `openRecord` for a record that holds no blob; undefined when it does. */
export function openInlineRecord(record: EventRecord): JournalEvent | undefined {
  const parsed = parseBody(record);
  return parsed[SPILLED] === undefined ? asEvent(record, parsed) : undefined;
}

function asEvent(record: EventRecord, body: JsonObject): JournalEvent {
  const { kind, v, seq, at } = record;
  const event: unknown = { ...upcast(kind, v, body), kind, seq, at };
  // The chain proves that sealEvents wrote this text from an EventBody of this version.
  return event as JournalEvent;
}

function parseBody(record: EventRecord): JsonObject {
  const parsed = parseJson(record.body);
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new BridleError("journal_corrupt", `Event ${record.seq} (${record.kind}) is not JSON`, {
    hint: "Check the database with `bridle doctor`, then restore a backup.",
  });
}

async function unspill(
  body: JsonObject,
  spilled: JsonObject,
  readBlob: ReadBlob,
): Promise<JsonObject> {
  const { [SPILLED]: _refs, ...whole }: Record<string, Json | undefined> = body;
  for (const [name, ref] of Object.entries(spilled)) {
    const digest = isJsonObject(ref) ? ref["sha256"] : undefined;
    const text = typeof digest === "string" ? await readBlob(digest) : undefined;
    if (text === undefined || sha256(text) !== digest) {
      throw new BridleError("blob_missing", `The blob behind "${name}" is missing or changed`, {
        hint: "Check the database with `bridle doctor`, then restore a backup.",
      });
    }
    const parsed = parseJson(text);
    if (parsed.ok) whole[name] = parsed.value;
  }
  return whole;
}

/**
 * Checks a run's chain from its start. Returns the first sequence at which it is known not to fit,
 * or null. The last record must carry a hash, or the tail would be unproven.
 */
export function verifyChain(runId: string, records: readonly EventRecord[]): number | null {
  let hash = "";
  let seq = 0;
  for (const record of records) {
    seq += 1;
    if (record.seq !== seq) return seq;
    hash = chainHash({ runId, seq, hash }, record);
    if (record.hash !== null && record.hash !== hash) return seq;
  }
  return records.at(-1)?.hash === null ? seq : null;
}
