/**
 * What a run knows about the origin of values: an index that its fold carries along.
 *
 * TR1 Append-only and persistent: adding returns a new index and leaves the old one as it was.
 * TR2 Nothing untrusted is ever taken in: more untrusted bytes never make a value trusted.
 * TR3 Adding costs what is added (a text its length, an output its leaves), never what came before.
 * TR4 Exposure is for good: once something untrusted may have been seen, it stays so.
 * TR5 Over a limit nothing more becomes trusted (`isFull`); exposure and readers are kept on.
 */
import { Log } from "../std/log.ts";
import { LogIndex } from "../std/log-index.ts";
import type { Json } from "../std/json.ts";
import { leavesOf, pathText, type FieldPath } from "./field-path.ts";
import { isTrusted, joinReaders, type Integrity, type Label, type Readers } from "./label.ts";
import { spokenIn, type Spoken } from "./echo.ts";
import { numbersIn } from "./literal.ts";
import { PLAN_TOOL, type Plan } from "./plan.ts";
import {
  kindOfArgument,
  labelOfField,
  mayHoldUntrusted,
  type PreparedLabels,
} from "./tool-labels.ts";

/** Characters of trusted text that a run indexes. */
export const TEXT_CHARS_MAX = 1_048_576;
/** Trusted values of tool outputs that a run indexes. */
export const FACTS_MAX = 20_000;
/** Leaves of one output that are looked at; one with more counts as untrusted for the rest. */
export const LEAVES_MAX = 50_000;

export interface TrustedText {
  readonly text: string;
  readonly lower: string;
  readonly numbers: ReadonlySet<number>;
  readonly label: Label;
}

/** One trusted value of a tool's output. */
export interface Fact {
  readonly value: string | number | boolean;
  readonly label: Label;
  /** Its path with `*` for positions: the same in every record of a list. */
  readonly field: string;
  /** It is a member of an object, not an item of a list. */
  readonly isMember: boolean;
  /** The object that holds it directly, and those around that up to the item of a list. */
  readonly holders: readonly string[];
}

/**
 * `read`: it changed nothing. `trusted` and `approved`: a write of this run, made because its
 * arguments were found trusted or because a person approved this exact call; the ids in its
 * trusted fields are of things that this session created, unless they repeat what it was given.
 * A person's approval vouches for its sensitive values, texts excepted.
 */
export type Standing = "read" | "trusted" | "approved";

export interface FoundFact {
  readonly fact: Fact;
  readonly output: Output;
}

export interface Output {
  readonly callId: string;
  readonly tool: string;
  readonly input: Json;
  readonly value: Json;
  readonly labels: PreparedLabels;
  readonly facts: readonly Fact[];
  /** Written before the first exposure. */
  readonly isClean: boolean;
  readonly standing: Standing;
  /** What its arguments said, where a model that was exposed wrote them; null: it was not. */
  readonly spoken: Spoken | null;
}

/** The first time that untrusted bytes may have entered the context. */
export interface Exposure {
  readonly callId: string;
  readonly tool: string;
}

export interface TrustIndex {
  /** `frozen`: after exposure only what the plan names may be done without a person. */
  readonly planning: "frozen" | "none";
  readonly plan: Plan | null;
  readonly texts: Log<TrustedText>;
  readonly outputs: Log<Output>;
  /** The trusted values of all outputs, by `factKey`. */
  readonly facts: LogIndex<FoundFact>;
  /** Every value that the model wrote before exposure, and calls with when they were written. */
  readonly calls: Log<WrittenCall>;
  /** Members of the organisation's own directory, as the operator declared them. */
  readonly members: Log<string>;
  readonly exposure: Exposure | null;
  /** Who may see all that is in the context. */
  readonly readers: Readers;
  readonly chars: number;
  readonly isFull: boolean;
}

export interface WrittenCall {
  readonly callId: string;
  readonly isClean: boolean;
}

export function emptyTrust(planning: "frozen" | "none" = "none"): TrustIndex {
  return {
    planning,
    plan: null,
    texts: Log.of<TrustedText>(),
    outputs: Log.of<Output>(),
    facts: LogIndex.empty<FoundFact>(),
    calls: Log.of<WrittenCall>(),
    members: Log.of<string>(),
    exposure: null,
    readers: "anyone",
    chars: 0,
    isFull: false,
  };
}

/**
 * The instructions, the prompt, a person's message. Text of a lower integrity than the user's
 * makes nothing trusted; an untrusted one exposes. Costs the length of the text.
 */
export function addText(index: TrustIndex, text: string, label: Label): TrustIndex {
  const readers = joinReaders(index.readers, label.readers);
  if (!isSpoken(label.integrity)) {
    const exposure = isTrusted(label.integrity)
      ? index.exposure
      : (index.exposure ?? { callId: "", tool: label.source });
    return { ...index, readers, exposure };
  }
  return { ...keepText(index, text, label), readers };
}

/** Those who may say in words what is to be done. */
function isSpoken(integrity: Integrity): boolean {
  return integrity === "operator" || integrity === "user";
}

function keepText(index: TrustIndex, text: string, label: Label): TrustIndex {
  const chars = index.chars + text.length;
  if (index.isFull || chars > TEXT_CHARS_MAX) return { ...index, isFull: true };
  const kept = { text, lower: text.toLowerCase(), numbers: numbersIn(text), label };
  return { ...index, chars, texts: index.texts.append(kept) };
}

/**
 * Destinations inside the organisation, from the operator: exact names, or `*@domain` for every
 * address of a domain.
 */
export function addMembers(index: TrustIndex, members: readonly string[]): TrustIndex {
  const room = index.isFull ? 0 : Math.max(0, FACTS_MAX - index.members.length);
  const isFull = index.isFull || members.length > room;
  return { ...index, isFull, members: index.members.append(...members.slice(0, room)) };
}

/**
 * Sets the plan that a call says. Written before exposure it counts, also when a sibling's result
 * was there first; after exposure the plan that the run has stands (PL1).
 */
export function addPlan(index: TrustIndex, plan: Plan, callId = ""): TrustIndex {
  return wasWrittenClean(index, callId) ? { ...index, plan } : index;
}

export interface AddedCall {
  readonly callId: string;
  readonly tool: string;
  /** As the model wrote it. */
  readonly input: Json;
}

/**
 * A call as the model wrote it, added when its answer is added: before any output of the same
 * turn. What was written before exposure is trusted from then on, except what a plan says: that
 * counts for its own step alone. Costs the size of the input.
 */
export function addCall(index: TrustIndex, call: AddedCall): TrustIndex {
  const isClean = index.exposure === null;
  const calls = index.calls.append({ callId: call.callId, isClean });
  if (!isClean || isPlan(index, call.tool)) return { ...index, calls };
  const label: Label = { integrity: "user", source: "before exposure", readers: index.readers };
  const said: string[] = [];
  let [chars, seen] = [index.chars, 0];
  for (const { value } of leavesOf(call.input)) {
    // All or nothing: a model's members come back from the journal in another order.
    if (++seen > LEAVES_MAX || chars > TEXT_CHARS_MAX) return { ...index, calls, isFull: true };
    if (typeof value !== "string" && typeof value !== "number") continue;
    said.push(String(value));
    chars += String(value).length;
  }
  if (chars > TEXT_CHARS_MAX) return { ...index, calls, isFull: true };
  const next: TrustIndex = { ...index, calls };
  return said.reduce((so, text) => keepText(so, text, label), next);
}

/** Whether a tool is the built-in one; a run without a plan may have another of its name. */
export function isPlan({ planning }: TrustIndex, tool: string): boolean {
  return planning === "frozen" && tool === PLAN_TOOL;
}

export interface AddedOutput {
  readonly callId: string;
  readonly input: Json;
  readonly output: Json;
  readonly labels: PreparedLabels;
  readonly standing: Standing;
}

/** What a tool returned. Costs the number of its leaves and the size of its input. */
export function addOutput(index: TrustIndex, added: AddedOutput): TrustIndex {
  const { callId, input, output, labels, standing } = added;
  const isClean = wasWrittenClean(index, callId);
  const { facts, exposes, readers, isCut } = readOutput(added);
  const isFull = index.isFull || isCut || index.facts.length + facts.length > FACTS_MAX;
  const kept: Output = {
    callId,
    tool: labels.tool,
    input,
    value: output,
    labels,
    facts: isFull ? [] : facts,
    isClean,
    standing,
    spoken: isClean ? null : spokenOf(added),
  };
  return {
    ...index,
    isFull,
    outputs: index.outputs.append(kept),
    facts: index.facts.add(
      kept.facts.map((fact) => [factKey(fact.value), { fact, output: kept }] as const),
    ),
    exposure: index.exposure ?? (exposes ? { callId, tool: labels.tool } : null),
    readers: joinReaders(index.readers, readers),
  };
}

/**
 * What an exposed model said to a call. Who approved it vouches for where it goes and what it acts
 * on, and not for every word that it carries.
 */
function spokenOf({ input, labels, standing }: AddedOutput): Spoken {
  if (standing !== "approved") return spokenIn(input);
  return spokenIn(input, (path) => {
    const kind = kindOfArgument(labels, path);
    return kind !== null && kind !== "content";
  });
}

/** What makes two values the same: 7 and "7" are, true and "true" are not. */
export function factKey(value: Fact["value"]): string {
  return typeof value === "boolean" ? `(${value})` : `=${value}`;
}

interface ReadOutput {
  readonly facts: readonly Fact[];
  readonly exposes: boolean;
  readonly readers: Readers;
  readonly isCut: boolean;
}

function readOutput({ output, labels }: AddedOutput): ReadOutput {
  const facts: Fact[] = [];
  let exposes = false;
  let readers: Readers = "anyone";
  let seen = 0;
  for (const { path, value } of leavesOf(output)) {
    if (++seen > LEAVES_MAX) return { facts, exposes: true, readers: [], isCut: true };
    const label = labelOfField(labels, path);
    readers = joinReaders(readers, label.readers);
    const isEmpty = typeof value === "object";
    exposes ||= isEmpty ? mayHoldUntrusted(labels, path) : !isTrusted(label.integrity);
    if (!isTrusted(label.integrity) || typeof value === "object") continue;
    facts.push(factAt(path, value, label));
  }
  return { facts, exposes, readers, isCut: false };
}

function factAt(path: FieldPath, value: Fact["value"], label: Label): Fact {
  const field = pathText(path.map((part) => (isPosition(part) ? "*" : part)));
  return { value, label, field, isMember: !isPosition(path.at(-1)), holders: holdersOf(path) };
}

/**
 * The objects that a value belongs to: its own, and those around it, ending at the item of a list.
 * The items of a list of scalars belong to the object that has the list.
 */
function holdersOf(path: FieldPath): readonly string[] {
  let end = path.length - 1;
  if (isPosition(path[end])) end -= 1;
  const holders: string[] = [];
  for (; end >= 0; end--) {
    holders.push(pathText(path.slice(0, end)));
    if (isPosition(path[end - 1])) break;
  }
  return holders;
}

/** A member whose name is a number is taken for an item too: it then names no more than itself. */
function isPosition(part: string | undefined): boolean {
  return part !== undefined && /^\d+$/.test(part);
}

/** True when the call was written before exposure. A call that was never added follows today. */
export function wasWrittenClean(index: TrustIndex, callId: string): boolean {
  const written = index.calls.findLast((call) => call.callId === callId);
  return written?.isClean ?? index.exposure === null;
}

/** True once untrusted bytes may have entered the context: what the model says since is tainted. */
export function isTainted(index: TrustIndex): boolean {
  return index.exposure !== null;
}
