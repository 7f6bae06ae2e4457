/**
 * Which obligations of a run are met, declined or open. Nothing of this is stored: it follows from
 * the obligations and the receipts alone.
 *
 * O1 One receipt meets at most one obligation: two equal refunds that were asked for need two.
 * O2 The assignment is a maximum one: an obligation is open only when no assignment meets more.
 * O3 A declined obligation takes no receipt from the others.
 */
import { OBLIGATIONS_MAX, type HeldObligation, type Obligation } from "../journal/intent.ts";
import type { EffectClass, Receipt } from "../journal/receipt.ts";
import type { RunState } from "../journal/run.ts";
import { BridleError } from "../std/error.ts";
import { canonicalJson, isJsonObject, type Json } from "../std/json.ts";

/** An obligation with its standing. */
export type Standing =
  | { readonly kind: "met"; readonly obligation: HeldObligation; readonly callId: string }
  | { readonly kind: "declined"; readonly obligation: HeldObligation; readonly reason: string }
  | { readonly kind: "open"; readonly obligation: HeldObligation };

/** What an obligation is compared with: a receipt, or a call that has not returned yet. */
export interface Deed {
  readonly callId: string;
  readonly tool: string;
  readonly effect: EffectClass;
  readonly input: Json;
  /** Absent while it is not known. */
  readonly output?: Json;
}

/** Each obligation in its order, with what has become of it. */
export function standings(state: RunState): readonly Standing[] {
  const deeds = state.receipts.toArray();
  const taken = assign(state.obligations, deeds);
  return state.obligations.map((obligation, index): Standing => {
    const { declined } = obligation;
    if (declined !== undefined) return { kind: "declined", obligation, reason: declined.reason };
    const deed = taken.get(index);
    return deed === undefined
      ? { kind: "open", obligation }
      : { kind: "met", obligation, callId: deed.callId };
  });
}

/**
 * Whether an obligation asks for this call beyond what was done, is being done or may have been
 * done already.
 */
export function isAskedFor(state: RunState, deed: Deed): boolean {
  const before = deedsOf(state, deed.callId);
  const without = assign(state.obligations, before).size;
  return assign(state.obligations, [...before, deed]).size > without;
}

/** Everything of this run that happened or may have, but for the call itself and later ones. */
function deedsOf(state: RunState, callId: string): readonly Deed[] {
  const deeds: Deed[] = state.receipts.toArray().filter((receipt) => receipt.callId !== callId);
  for (const doubt of state.doubts) if (doubt.callId !== callId) deeds.push(doubt);
  for (const call of state.calls) {
    if (call.callId === callId || call.claim === undefined || call.status !== "claimed") continue;
    deeds.push({ ...call.claim, callId: call.callId, tool: call.tool });
  }
  return deeds;
}

/** Which deed meets which obligation, by the obligation's place: augmenting paths. */
function assign(
  obligations: readonly HeldObligation[],
  deeds: readonly Deed[],
): ReadonlyMap<number, Deed> {
  const open = obligations.map((each, index) => (each.declined === undefined ? index : -1));
  const holder = new Map<Deed, number>();
  const fits = new Map<number, readonly Deed[]>();
  for (const index of open) {
    const obligation = obligations[index];
    if (obligation === undefined) continue;
    fits.set(
      index,
      deeds.filter((deed) => meets(obligation, deed)),
    );
  }
  const tryMeet = (index: number, seen: Set<Deed>): boolean => {
    for (const deed of fits.get(index) ?? []) {
      if (seen.has(deed)) continue;
      seen.add(deed);
      const other = holder.get(deed);
      if (other !== undefined && !tryMeet(other, seen)) continue;
      holder.set(deed, index);
      return true;
    }
    return false;
  };
  for (const index of fits.keys()) tryMeet(index, new Set());
  return new Map([...holder].map(([deed, index]) => [index, deed]));
}

/** Whether this deed is what the obligation asks for. An output not known yet may still fit. */
export function meets(obligation: Obligation, deed: Deed): boolean {
  if (obligation.tool !== deed.tool) return false;
  if (obligation.input !== undefined && !holds(deed.input, obligation.input)) return false;
  if (obligation.output === undefined || deed.output === undefined) return true;
  return holds(deed.output, obligation.output);
}

/** True when `actual` has everything that `wanted` says; lists and plain values must be equal. */
export function holds(actual: Json | undefined, wanted: Json): boolean {
  if (actual === undefined) return false;
  if (!isJsonObject(wanted)) return canonicalJson(actual) === canonicalJson(wanted);
  if (!isJsonObject(actual)) return false;
  return Object.entries(wanted).every(
    ([name, value]) => value === undefined || holds(actual[name], value),
  );
}

/** Refuses obligations that could never be met or told apart. */
export function checkObligations(
  given: readonly Obligation[],
  options: {
    readonly where: string;
    readonly tools: ReadonlySet<string>;
    readonly taken?: readonly Obligation[];
  },
): readonly Obligation[] {
  const { where, tools, taken = [] } = options;
  const ids = new Set(taken.map(({ id }) => id));
  if (taken.length + given.length > OBLIGATIONS_MAX) {
    throw new BridleError("intent_invalid", `${where}: more than ${OBLIGATIONS_MAX} obligations`, {
      hint: "Split the work into several runs.",
    });
  }
  for (const { id, what, tool } of given) {
    const problem = problemOf({ id, what, tool }, { ids, tools });
    if (problem !== null) {
      throw new BridleError("intent_invalid", `${where}: ${problem}`, {
        hint: "An obligation is { id, what, tool, input? }: an id of its own, a sentence, a tool.",
      });
    }
    ids.add(id);
  }
  return given;
}

const ID = /^[A-Za-z0-9_.:#/-]{1,200}$/;

function problemOf(
  { id, what, tool }: Pick<Obligation, "id" | "what" | "tool">,
  { ids, tools }: { readonly ids: ReadonlySet<string>; readonly tools: ReadonlySet<string> },
): string | null {
  if (typeof id !== "string" || !ID.test(id)) {
    return `the obligation id ${JSON.stringify(id)} is none (letters, digits and _.:#/-)`;
  }
  if (ids.has(id)) return `two obligations have the id "${id}"`;
  if (typeof what !== "string" || what.trim() === "") return `obligation "${id}" says nothing`;
  if (!tools.has(tool)) return `obligation "${id}" names the tool "${tool}", which there is not`;
  return null;
}
