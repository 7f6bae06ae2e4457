/**
 * How long a provider asks to wait, in every form it is said.
 *
 * R1 The plainest form wins: a header made for it, then the body's own field, then a sentence, then
 *    the limit that is used up.
 * R2 What cannot be meant (no number, negative, over 30 days) is as if it were not said.
 * R3 A moment that has passed is no wait at all: 0, not nothing.
 */
import { itemsOf, memberOf } from "./guarded.ts";

type Headers = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
const WAIT_MAX_MS = 30 * DAY_MS;
const NODES_MAX = 200;
const SENTENCE_CHARS_MAX = 2000;

/** For a rate limit: everything counts, the times at which limits are full again too. */
export function retryAfterMs(headers: Headers, body: unknown, now: number): number | undefined {
  const names = lowerCased(headers);
  const inBody = readBody(body);
  return (
    waitOfHeaders(names, now) ??
    inBody.waitMs ??
    resetOfEmpty(names, now) ??
    resetOfEmpty(inBody.headers, now) ??
    waitOfHeaders(inBody.headers, now) ??
    first(inBody.sentences, waitOfSentence) ??
    latestReset(names, now)
  );
}

/** For other faults: only what was said about this answer. A limit's reset is another matter. */
export function askedWaitMs(headers: Headers, body: unknown, now: number): number | undefined {
  const inBody = readBody(body);
  const asked = waitOfHeaders(lowerCased(headers), now) ?? inBody.waitMs;
  return asked ?? first(inBody.sentences, waitOfSentence);
}

function waitOfHeaders(headers: Headers, now: number): number | undefined {
  const ms = sane(numberOf(headers["retry-after-ms"] ?? headers["x-ms-retry-after-ms"]));
  return ms ?? waitOfRetryAfter(headers["retry-after"], now);
}

/** RFC 9110, 10.2.3: seconds or a date. Providers add fractions, gateways add a unit. */
function waitOfRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = numberOf(value);
  if (seconds !== undefined) return sane(seconds * 1000);
  // A date parser takes nearly anything for a date, "-5" too: a date has a word or a time in it.
  if (!/[a-z]{3}|\d:\d\d/i.test(value)) return sane(durationMs(value));
  return untilMoment(Date.parse(value), now) ?? sane(durationMs(value));
}

interface LimitHeader {
  readonly remaining: string | undefined;
  readonly waitMs: number;
}

/** The reset times, each with what is left of its limit. */
function limitsOf(headers: Headers, now: number): readonly LimitHeader[] {
  const limits: LimitHeader[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const isReset = /^(?:x-)?ratelimit-reset|^anthropic-ratelimit-.*-reset$/.test(name);
    const waitMs = isReset ? waitOfReset(value, now) : undefined;
    if (waitMs === undefined) continue;
    limits.push({ remaining: headers[name.replace("reset", "remaining")], waitMs });
  }
  return limits;
}

/** "6s", "1m30s", "59.8", epoch seconds, epoch milliseconds, a date. */
function waitOfReset(value: string, now: number): number | undefined {
  const number = numberOf(value);
  if (number === undefined) {
    if (/\d{4}-\d\d-\d\d|[a-z]{3},/i.test(value)) return untilMoment(Date.parse(value), now);
    return sane(durationMs(value));
  }
  if (number > 1e11) return untilMoment(number, now);
  if (number > 1e9) return untilMoment(number * 1000, now);
  return sane(number * 1000);
}

/** Of the limits that are used up, the one that takes longest. */
function resetOfEmpty(headers: Headers, now: number): number | undefined {
  const empty = limitsOf(headers, now).filter(({ remaining }) => numberOf(remaining) === 0);
  return largest(empty);
}

/** None is told to be used up, and one must be: Anthropic's always tell. */
function latestReset(headers: Headers, now: number): number | undefined {
  const plain = Object.entries(headers).filter(([name]) => !name.startsWith("anthropic-"));
  return largest(limitsOf(Object.fromEntries(plain), now));
}

function largest(limits: readonly LimitHeader[]): number | undefined {
  if (limits.length === 0) return undefined;
  return Math.max(...limits.map(({ waitMs }) => waitMs));
}

interface BodyWait {
  waitMs: number | undefined;
  readonly sentences: string[];
  headers: Record<string, string>;
}

/** Members that hold a wait, and how many milliseconds one of theirs is. */
const FIELDS: readonly (readonly [string, number])[] = [
  ["retry_after_ms", 1],
  ["retryAfterMs", 1],
  ["retry_after_seconds", 1000],
  ["retry_after", 1000],
  ["retryAfter", 1000],
  ["estimated_time", 1000],
];

function readBody(body: unknown): BodyWait {
  const found: BodyWait = { waitMs: undefined, sentences: [], headers: {} };
  const open: unknown[] = [body];
  const seen = new Set<unknown>();
  for (let i = 0; i < open.length && i < NODES_MAX; i++) {
    const node = open[i];
    if (typeof node === "string") found.sentences.push(node.slice(0, SENTENCE_CHARS_MAX));
    if (typeof node !== "object" || node === null || seen.has(node)) continue;
    seen.add(node);
    const items = itemsOf(node, 20);
    if (items !== undefined) open.push(...items);
    else open.push(...readNode(found, node));
  }
  return found;
}

const NESTED = ["error", "details", "metadata", "data", "response", "errors", "message", "detail"];

function readNode(found: BodyWait, node: object): readonly unknown[] {
  // google.rpc.RetryInfo
  const delay = memberOf(node, "retryDelay");
  if (typeof delay === "string") found.waitMs ??= sane(durationMs(delay));
  for (const [key, unitMs] of FIELDS) {
    const value = memberOf(node, key);
    if (typeof value === "number") found.waitMs ??= sane(value * unitMs);
  }
  const headers = memberOf(node, "headers");
  if (typeof headers === "object" && headers !== null) {
    found.headers = { ...found.headers, ...stringsOf(headers) };
  }
  return NESTED.map((key) => memberOf(node, key));
}

/** The headers that OpenRouter passes on in a body. */
function stringsOf(headers: object): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const name of ["Retry-After", "X-RateLimit-Reset", "X-RateLimit-Remaining"]) {
    const value = memberOf(headers, name) ?? memberOf(headers, name.toLowerCase());
    if (typeof value === "string" || typeof value === "number") {
      strings[name.toLowerCase()] = String(value);
    }
  }
  return strings;
}

const UNIT =
  "(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])";
const AMOUNT = `\\d{1,9}(?:\\.\\d{1,9})? ?${UNIT}`;
const SENTENCE = new RegExp(
  `\\b(?:try again|retry|wait)[^.\\d]{0,40}?(${AMOUNT}(?:,? ?(?:and )?${AMOUNT}){0,3})`,
  "i",
);

/** "Please try again in 1m30.5s", "retry after 30 seconds". */
function waitOfSentence(sentence: string): number | undefined {
  const said = SENTENCE.exec(sentence)?.[1];
  return said === undefined ? undefined : sane(durationMs(said));
}

const UNITS_MS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|milli)/i, 1],
  [/^s/i, 1000],
  [/^m/i, 60_000],
  [/^h/i, 3_600_000],
  [/^d/i, DAY_MS],
];
const PARTS = /(\d{1,9}(?:\.\d{1,9})?)\s{0,2}([a-z]{1,12})/gi;

/** The sum of a duration's parts; undefined where there is none or a unit is unknown. */
function durationMs(text: string): number | undefined {
  let sum: number | undefined;
  if (/^\s*-/.test(text)) return undefined;
  for (const [, amount, unit = ""] of text.slice(0, 100).matchAll(PARTS)) {
    const unitMs = UNITS_MS.find(([name]) => name.test(unit))?.[1];
    if (unitMs !== undefined) sum = (sum ?? 0) + Number(amount) * unitMs;
  }
  return sum;
}

function untilMoment(momentMs: number, now: number): number | undefined {
  return Number.isFinite(momentMs) ? sane(Math.max(0, momentMs - now)) : undefined;
}

/** Whole milliseconds, rounded up: asking a little early is asking in vain. */
function sane(ms: number | undefined): number | undefined {
  if (ms === undefined || !(ms >= 0) || ms > WAIT_MAX_MS) return undefined;
  return Math.max(0, Math.ceil(ms - 1e-6));
}

function numberOf(value: string | undefined): number | undefined {
  const isNumber = value !== undefined && /^\s*-?\d+(?:\.\d*)?\s*$/.test(value);
  return isNumber ? Number(value) : undefined;
}

function lowerCased(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function first<T>(items: readonly T[], read: (item: T) => number | undefined): number | undefined {
  for (const item of items) {
    const found = read(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
