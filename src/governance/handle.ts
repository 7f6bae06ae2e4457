/**
 * Handles: arguments that name a field of an earlier result in place of its value, so that a
 * model can pass on what it need not have read: `{ "$from": "t1c0", "path": "/contacts/0/email" }`.
 * The harness puts the value in before anything is decided; the value is then judged like any
 * other, so a handle to an untrusted field is as untrusted as the field.
 */
import { isJsonObject, JSON_DEPTH_MAX, type Json, type JsonObject } from "../std/json.ts";
import { parsePath, pathText, pointedAt, type FieldPath } from "./field-path.ts";
import type { Label } from "./label.ts";
import { labelOfField } from "./tool-labels.ts";
import type { TrustIndex } from "./trust.ts";

export interface ResolvedHandle {
  /** Where in the arguments it stood. */
  readonly at: string;
  readonly callId: string;
  readonly path: string;
  readonly label: Label;
}

export type ResolvedInput =
  | { readonly ok: true; readonly input: Json; readonly handles: readonly ResolvedHandle[] }
  | { readonly ok: false; readonly reason: string };

/** No call has more handles than this. */
export const HANDLES_MAX = 1_000;

/** The arguments with every handle replaced. Arguments without any come back as they are. */
export function resolveHandles(index: TrustIndex, input: Json): ResolvedInput {
  const handles: ResolvedHandle[] = [];
  try {
    const resolved = replaceIn({ index, handles }, input, []);
    return { ok: true, input: resolved, handles };
  } catch (thrown) {
    if (thrown instanceof Dangling) return { ok: false, reason: thrown.message };
    throw thrown;
  }
}

/** A handle to nothing; never leaves this file. */
class Dangling extends Error {}

interface Work {
  readonly index: TrustIndex;
  readonly handles: ResolvedHandle[];
}

function replaceIn(work: Work, value: Json, at: FieldPath): Json {
  if (at.length > JSON_DEPTH_MAX) throw new Dangling("the arguments are nested too deep");
  if (Array.isArray(value)) {
    const items: Json[] = value.map((item, n) => replaceIn(work, item, [...at, String(n)]));
    return items.every((item, n) => item === value[n]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  if (isHandle(value)) return follow(work, value, at);
  const members: [string, Json][] = [];
  let isChanged = false;
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const replaced = replaceIn(work, member, [...at, name]);
    isChanged ||= replaced !== member;
    members.push([name, replaced]);
  }
  return isChanged ? Object.fromEntries(members) : value;
}

interface Handle extends JsonObject {
  readonly $from: string;
  readonly path: string;
}

function isHandle(value: JsonObject): value is Handle {
  const { $from, path } = value;
  const isPair = typeof $from === "string" && typeof path === "string";
  return isPair && Object.keys(value).length === 2;
}

function follow({ index, handles }: Work, handle: Handle, at: FieldPath): Json {
  if (handles.length >= HANDLES_MAX) throw new Dangling(`more than ${HANDLES_MAX} handles`);
  const { $from: callId, path } = handle;
  const output = index.outputs.findLast((one) => one.callId === callId);
  if (output === undefined) throw new Dangling(`no call "${callId}" has a result`);
  const pattern = parsePath(path);
  if (pattern.includes("*")) throw new Dangling(`"${path}" names no single field of ${callId}`);
  const [found] = pointedAt(pattern, output.value);
  if (found === undefined) throw new Dangling(`${callId} has nothing at "${path}"`);
  const label = labelOfField(output.labels, found.path);
  handles.push({ at: pathText(at), callId, path: pathText(found.path), label });
  return found.value;
}
