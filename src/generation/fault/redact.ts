/**
 * What a fault may say: one short line without a key.
 *
 * Servers quote what they refuse, and runtimes quote the header they could not send. Whatever is
 * kept of a fault passes through here.
 */

/** Longest line that a fault carries, characters. */
export const MESSAGE_CHARS_MAX = 500;

/** As much of a text as is looked at; a server may answer with a whole page. */
const WINDOW_CHARS = 8192;

/** Shapes of keys, and where addresses and headers carry them. */
const KEY_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|gsk|xai|hf|ghp|key)[-_][\w-]{8,}/g, "[key]"],
  [/\bAIza[\w-]{20,}/g, "[key]"],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g, "[key]"],
  [/\beyJ[\w-]{8,2048}\.[\w-]{8,}(?:\.[\w-]*)?/g, "[key]"],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, "$1 [key]"],
  [/\b((?:x-)?(?:goog-)?api-key["']?\s*[:=]\s*["']?)[^\s"',;]{8,}/gi, "$1[key]"],
  [
    /([?&][\w.-]{0,40}(?:key|token|secret|password|sig|signature|auth|code)=)[^&\s"']+/gi,
    "$1[key]",
  ],
  // Also a name without a password, which many servers take a token as.
  [/(:\/\/)[^/\s?#"'<>]{1,512}@/g, "$1[key]@"],
];
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;
const SECRET_CHARS_MIN = 8;

/** Keys of the environment and what looks like one are replaced by a name in brackets. */
export function redactKeys(text: string): string {
  return redactShapes(redactValues(text, knownSecrets()));
}

/**
 * The beginning of a text, redacted. When it was cut off, its end goes too: a secret that the cut
 * parts in two is not recognised, and its first half must not stay.
 */
export function redactBeginning(text: string, isCut: boolean): string {
  const secrets = knownSecrets();
  const safe = redactShapes(redactValues(text, secrets));
  const longest = secrets[0]?.value.length ?? 0;
  return isCut ? safe.slice(0, Math.max(0, safe.length - longest)) : safe;
}

/** The first line's worth of a text, redacted and at most `MESSAGE_CHARS_MAX` long. */
export function faultLine(text: string): string {
  const secrets = knownSecrets();
  const longest = secrets[0]?.value.length ?? 0;
  const looked = text.slice(0, WINDOW_CHARS + longest);
  const safe = redactBeginning(looked, looked.length < text.length);
  const line = redactShapes(safe.replaceAll(/[\s\p{Cc}]+/gu, " ").trim());
  return cut(line, MESSAGE_CHARS_MAX);
}

/** Never ends in half of a character that takes two code units. */
function cut(line: string, charsMax: number): string {
  if (line.length <= charsMax) return line;
  return `${line.slice(0, charsMax - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Keys and headers that were handed to a client, by value: an environment does not name them. */
const handedOver = new Map<string, string>();

/** The oldest go first; they are those of routes that were made for runs long ago. */
const HANDED_OVER_MAX = 1_000;

/** From now on this value is kept out of faults, and `name` stands in its place. */
export function hideSecret(name: string, value: string): void {
  if (value.length < SECRET_CHARS_MIN) return;
  handedOver.delete(value);
  handedOver.set(value, name);
  for (const oldest of handedOver.keys()) {
    if (handedOver.size <= HANDED_OVER_MAX) break;
    handedOver.delete(oldest);
  }
}

interface Secret {
  readonly name: string;
  readonly value: string;
}

/** The longest first: a key that holds another one goes as a whole. */
function knownSecrets(): readonly Secret[] {
  const secrets = [...handedOver].map(([value, name]): Secret => ({ name, value }));
  for (const [name, value = ""] of Object.entries(process.env)) {
    if (value.length < SECRET_CHARS_MIN || !SECRET_NAME.test(name)) continue;
    secrets.push({ name, value });
  }
  return secrets.sort((a, b) => b.value.length - a.value.length);
}

function redactValues(text: string, secrets: readonly Secret[]): string {
  let redacted = text;
  for (const { name, value } of secrets) redacted = redacted.replaceAll(value, `[${name}]`);
  return redacted;
}

function redactShapes(text: string): string {
  let redacted = text;
  for (const [shape, instead] of KEY_SHAPES) redacted = redacted.replaceAll(shape, instead);
  return redacted;
}
