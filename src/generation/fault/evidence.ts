/**
 * Everything that a thrown thing tells, gathered once, whatever its shape.
 *
 * V1 Nothing here throws and nothing takes long: each member is read once behind a guard, and the
 *    nodes, their depth and the characters kept are limited.
 * V2 Requests are not read: what was sent (`requestBodyValues`, `input`) is no evidence and must
 *    not come into a message.
 * V3 A body that came with a good status is read only when it says that it is an error: an answer's
 *    own text is no evidence either.
 */
import { bodyOfText, isEvent, isErrorBody } from "./body.ts";
import { itemsOf, memberOf, membersOf, nameOf } from "./guarded.ts";
import { isMarkup, wordsOfMarkup } from "./markup.ts";
import { normalWord } from "./words.ts";

export interface Evidence {
  /** The status that arrived, else the one that an error body mirrors. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed bodies, the outermost first. */
  readonly bodies: readonly object[];
  /** Codes and types in the form of `normalWord`. */
  readonly words: ReadonlySet<string>;
  /** What was said in sentences, on lines. */
  readonly text: string;
  /** Errors by their names (`AI_APICallError`, `TimeoutError`), the outermost first. */
  readonly names: readonly string[];
  /** Codes of Node's and undici's errors, the outermost first. */
  readonly codes: readonly string[];
  /** Which of our time limits ended the wait. */
  readonly phase: unknown;
  /** A page arrived in place of an answer. */
  readonly page: string | undefined;
  /** The best sentence for a person; not yet redacted. */
  readonly message: string;
  /** An object that is no error was handed over: part of a stream. */
  readonly isPart: boolean;
}

const NODES_MAX = 120;
const DEPTH_MAX = 12;
const ITEMS_MAX = 20;
const TEXT_CHARS_MAX = 16_384;
const SENTENCE_CHARS_MAX = 4096;

/** Members whose text is a code. */
const CODES = [
  ..."code type status reason error_code errorCode error_type errorType __type Code".split(" "),
  ..."name quotaId quotaMetric blockReason block_reason object error".split(" "),
];
/** Members whose text is a sentence, or a body put in a string. */
const SENTENCES = [
  ..."message Message msg detail error error_description error_message errorMessage".split(" "),
  ..."title raw failure_reason".split(" "),
];
/** Members in which a body goes on. */
const BODIES = [
  ..."error errors details detail innererror inner_error response incomplete_details".split(" "),
  ..."metadata data upstream_error violations promptFeedback body value reasons".split(" "),
];
/** Members in which an error holds another. */
const CAUSES = ["lastError", "cause", "errors"];

interface Gathering {
  status: number | undefined;
  mirrored: number | undefined;
  headers: Record<string, string>;
  bodies: object[];
  words: Set<string>;
  names: string[];
  codes: string[];
  phase: unknown;
  page: string | undefined;
  /** Sentences of bodies, and of the errors around them. */
  told: string[];
  thrown: string[];
  /** Sentences that repeat what arrived: for a person, no evidence. */
  quoted: string[];
  chars: number;
  nodes: number;
  seen: Set<object>;
}

export function gatherEvidence(thrown: unknown): Evidence {
  const into: Gathering = {
    status: undefined,
    mirrored: undefined,
    headers: {},
    bodies: [],
    words: new Set(),
    names: [],
    codes: [],
    phase: undefined,
    page: undefined,
    told: [],
    thrown: [],
    quoted: [],
    chars: 0,
    nodes: 0,
    seen: new Set(),
  };
  const isObject = typeof thrown === "object" && thrown !== null;
  const isPart = isObject && nameOf(thrown) === undefined;
  if (typeof thrown === "string") addSentence(into, thrown, { depth: 0, isBody: false });
  else if (isObject) visitError(into, thrown, 0);
  const { status, mirrored, told, thrown: outer } = into;
  const isRefusal = status !== undefined && (status < 200 || status >= 300);
  // "Forbidden" beside 403 says nothing that 403 does not.
  const own = outer.filter((said) => status === undefined || said !== phraseOf(status));
  const text = [...told, ...own].join("\n");
  return {
    status: isRefusal ? status : (mirrored ?? status ?? statusInText(text)),
    headers: into.headers,
    bodies: into.bodies,
    words: into.words,
    text,
    names: into.names,
    codes: into.codes,
    phase: into.phase,
    page: into.page,
    message: messageOf(into),
    isPart,
  };
}

/** An error, or what stands in its place at the top: its facts, its bodies, then its causes. */
function visitError(into: Gathering, node: object, depth: number): void {
  if (!enter(into, node, depth)) return;
  const name = nameOf(node);
  if (name !== undefined) into.names.push(name);
  into.phase ??= memberOf(node, "phase");
  addStatus(into, node);
  addHeaders(into, memberOf(node, "responseHeaders") ?? memberOf(node, "headers"));
  const code = memberOf(node, "code");
  if (typeof code === "string" && into.codes.length < ITEMS_MAX) into.codes.push(code);
  visitBodies(into, node, depth);
  if (name === undefined) visitBody(into, node, depth);
  else {
    addCodes(into, node);
    const message = memberOf(node, "message");
    const isQuoting = typeof message === "string" && QUOTING.test(message);
    if (isQuoting) into.quoted.push(message);
    else if (typeof message === "string") addSentence(into, message, { depth, isBody: false });
  }
  if (name === undefined || !READERS.has(name)) visitCauses(into, node, depth);
}

/** Messages of the AI SDK that repeat the answer they could not read. */
const QUOTING = /^(?:Type validation failed|JSON parsing failed|Invalid response data)/;

/** Their causes are a validator's or a parser's: codes of its own, in a provider's words. */
const READERS = new Set(["AI_TypeValidationError", "AI_JSONParseError", "ZodError", "$ZodError"]);

function visitCauses(into: Gathering, node: object, depth: number): void {
  for (const key of CAUSES) {
    const cause = memberOf(node, key);
    for (const one of itemsOf(cause, ITEMS_MAX) ?? [cause]) {
      if (typeof one === "string") addSentence(into, one, { depth, isBody: false });
      if (typeof one === "object" && one !== null) visitError(into, one, depth + 1);
    }
  }
}

/** What arrived, where an error keeps it: as text, parsed, or as a frame of no known form. */
function visitBodies(into: Gathering, node: object, depth: number): void {
  const isGood = into.status !== undefined && into.status >= 200 && into.status < 300;
  for (const key of ["responseBody", "data", "error", "value", "text"]) {
    const held = memberOf(node, key);
    const isOfAnswer = isGood || key === "value" || key === "text";
    const body = typeof held === "string" ? bodyOfText(held) : held;
    if (typeof held === "string" && isMarkup(held)) into.page ??= wordsOfMarkup(held);
    else if (typeof body === "object" && body !== null) {
      if (isOfAnswer && !isErrorBody(body)) continue;
      if ((key === "responseBody" || key === "data") && isEvent(body)) into.status = undefined;
      visitBody(into, body, depth + 1);
    } else if (typeof held === "string" && !isOfAnswer) {
      addSentence(into, held, { depth: depth + 1, isBody: true });
    }
  }
}

/** A body, or a part of one. */
function visitBody(into: Gathering, node: object, depth: number): void {
  // The top of a part is entered already, as what was thrown.
  if (depth > 0 && !enter(into, node, depth)) return;
  const items = itemsOf(node, ITEMS_MAX);
  if (items !== undefined) {
    for (const item of items) addBodyMember(into, item, depth);
    return;
  }
  into.bodies.push(node);
  addCodes(into, node);
  const isGuessed = memberOf(node, GUESSED) === true;
  for (const key of isGuessed ? ["code"] : ["code", "status", "status_code", "statusCode"]) {
    into.mirrored ??= statusOf(memberOf(node, key));
  }
  for (const key of SENTENCES) {
    const said = memberOf(node, key);
    if (typeof said === "string") addSentence(into, said, { depth, isBody: true });
  }
  for (const key of BODIES) addBodyMember(into, memberOf(node, key), depth);
  const choice = itemsOf(memberOf(node, "choices"), 1)?.[0];
  addBodyMember(into, memberOf(choice, "error"), depth);
  // Bedrock sends a stream's error as an event that is named after the exception.
  for (const key of membersOf(node).slice(0, ITEMS_MAX)) {
    if (!/exception$/i.test(key)) continue;
    into.words.add(normalWord(key));
    addBodyMember(into, memberOf(node, key), depth);
  }
}

function addBodyMember(into: Gathering, held: unknown, depth: number): void {
  if (typeof held === "object" && held !== null) visitBody(into, held, depth + 1);
}

function enter(into: Gathering, node: object, depth: number): boolean {
  if (depth > DEPTH_MAX || into.nodes >= NODES_MAX || into.seen.has(node)) return false;
  into.seen.add(node);
  into.nodes += 1;
  return true;
}

function addCodes(into: Gathering, node: object): void {
  for (const key of CODES) {
    const code = memberOf(node, key);
    if (typeof code !== "string" || code.length > 200) continue;
    into.words.add(normalWord(code));
    if (/^block_?reason$/i.test(key)) into.words.add("contentfiltered");
  }
}

interface Place {
  readonly depth: number;
  readonly isBody: boolean;
}

/** A sentence, or a body that somebody on the way put into a sentence. */
function addSentence(into: Gathering, said: string, { depth, isBody }: Place): void {
  if (isMarkup(said)) {
    into.page ??= wordsOfMarkup(said);
    return;
  }
  const inner = bodyOfText(said);
  if (inner !== undefined && depth < DEPTH_MAX && (depth > 0 || isErrorBody(inner))) {
    visitBody(into, inner, depth + 1);
    if (/^\s*[[{]/.test(said)) return;
  }
  for (const [, word = ""] of said.slice(0, SENTENCE_CHARS_MAX).matchAll(QUOTED_CODE)) {
    into.words.add(normalWord(word));
  }
  // What was sent is repeated by some validators: it begins here, and nothing is read of it.
  const short = said.slice(0, SENTENCE_CHARS_MAX).replace(/,?\s*['"]input['"]\s*:.*$/s, "");
  const sentences = isBody ? into.told : into.thrown;
  if (into.chars + short.length > TEXT_CHARS_MAX || short.trim() === "") return;
  if (sentences.includes(short)) return;
  sentences.push(short);
  into.chars += short.length;
}

/** A code in a body that is cut off or printed by another language. */
const QUOTED_CODE = /['"](?:type|code|status|reason)['"]\s{0,3}:\s{0,3}['"]([\w.-]{2,80})['"]/g;

/** A stream's error has no status of its own: the client guessed one from its code. */
const GUESSED = Symbol.for("vercel.ai.providerStreamError");

/** So has a whole answer without the part that is the answer. */
const NO_OUTPUT = /^Responses API returned no output/;

function textOf(held: unknown): string {
  return typeof held === "string" ? held : "";
}

function addStatus(into: Gathering, node: object): void {
  if (into.status !== undefined || memberOf(node, GUESSED) === true) return;
  if (NO_OUTPUT.test(textOf(memberOf(node, "message")))) return;
  const ofAws = memberOf(memberOf(node, "$metadata"), "httpStatusCode");
  const ofAxios = memberOf(memberOf(node, "response"), "status");
  for (const given of [memberOf(node, "statusCode"), memberOf(node, "status"), ofAws, ofAxios]) {
    if (typeof given !== "number" || !Number.isInteger(given)) continue;
    if (given < 100 || given > 599) continue;
    into.status = given;
    return;
  }
}

/** 400 to 599, as a number or in digits. */
function statusOf(given: unknown): number | undefined {
  const isDigits = typeof given === "string" && /^\d{3}$/.test(given);
  const status = isDigits ? Number(given) : given;
  if (typeof status !== "number" || !Number.isInteger(status)) return undefined;
  return status >= 400 && status < 600 ? status : undefined;
}

const LEADING_STATUS =
  /^(?:\w{0,40}error:? )?(?:http |error |status )?(?:code:? |error )?([45]\d\d)\b(?! ?[mt])/im;
const NAMED_STATUS = /\bstatus(?: code)?:? ([45]\d\d)\b/i;

/** Clients put the status before the message that they make of it. */
function statusInText(text: string): number | undefined {
  const head = text.slice(0, 1000);
  const found = LEADING_STATUS.exec(head) ?? NAMED_STATUS.exec(head);
  return found === null ? undefined : Number(found[1]);
}

function addHeaders(into: Gathering, headers: unknown): void {
  if (typeof headers !== "object" || headers === null) return;
  const keys = typeof memberOf(headers, "entries") === "function" ? pairsOf(headers) : undefined;
  const pairs = keys ?? membersOf(headers).map((key) => [key, memberOf(headers, key)] as const);
  for (const [key, value] of pairs.slice(0, 200)) {
    if (typeof value !== "string" && typeof value !== "number") continue;
    into.headers[key.toLowerCase()] ??= String(value).slice(0, 500);
  }
  const type = into.headers["x-amzn-errortype"];
  if (type !== undefined) into.words.add(normalWord(type));
}

function pairsOf(headers: object): (readonly [string, unknown])[] | undefined {
  try {
    return headers instanceof Headers ? [...headers.entries()] : undefined;
  } catch {
    return undefined;
  }
}

/** Sentences that say only that another party said something. */
const EMPTY_WORDS =
  /^(?:(?:provider returned |unknown )?error|bad request|fetch failed|failed to process .+)\.?$/i;

function messageOf(into: Gathering): string {
  const { told, thrown, quoted, page, names, codes } = into;
  const best = told.find((said) => !EMPTY_WORDS.test(said.trim()));
  if (best !== undefined) return best;
  const outer = thrown.filter((said) => said.trim() !== "");
  const own = outer.find((said) => !EMPTY_WORDS.test(said.trim()));
  if (page !== undefined) {
    const title = page === "" ? "a page without words" : `"${page}"`;
    return `${own ?? outer[0] ?? "no answer"}: a page came in place of an answer: ${title}`;
  }
  const whole = own ?? quoted[0] ?? told[0];
  return whole ?? outer[0] ?? codes[0] ?? names[0] ?? "";
}

/** "Forbidden" of 403. The module is loaded only for a fault: it costs a process megabytes. */
function phraseOf(status: number): string | undefined {
  return process.getBuiltinModule("node:http").STATUS_CODES[status];
}
