/**
 * Which obligations of a run are met, declined or open. Nothing of this is stored: it follows from
 * the obligations and the receipts alone.
 *
 * O1 One receipt meets at most one obligation: two equal refunds that were asked for need two.
 * O2 The assignment is a maximum one: an obligation is open only when no assignment meets more.
 * O3 A declined obligation takes no receipt from the others. What is left over and fits means that
 *    it was done, whatever the model said of it.
 * O4 One more receipt never opens an obligation.
 */
import { OBLIGATIONS_MAX, type HeldObligation, type Obligation } from "../journal/intent.ts";
import type { EffectClass } from "../journal/receipt.ts";
import { hashArgs, type OpenDoubt, type RunState } from "../journal/run.ts";
import { BridleError } from "../std/error.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../std/json.ts";

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
export function standings(state: Pick<RunState, "obligations" | "receipts">): readonly Standing[] {
  const deeds = state.receipts.toArray();
  const taken = assign(state.obligations, deeds, (each) => each.declined?.by === "model");
  return state.obligations.map((obligation, index): Standing => {
    const { declined } = obligation;
    const deed = taken.get(index);
    if (deed !== undefined) return { kind: "met", obligation, callId: deed.callId };
    if (declined === undefined) return { kind: "open", obligation };
    return { kind: "declined", obligation, reason: declined.reason };
  });
}

/**
 * Whether an obligation asks for this call beyond what was done, is being done or may have been
 * done already.
 */
export function isAskedFor(state: RunState, deed: Deed): boolean {
  const before = deedsOf(state, deed);
  const without = assign(state.obligations, before).size;
  return assign(state.obligations, [...before, deed]).size > without;
}

/** Everything of this run that happened or may have, but for the call itself. */
function deedsOf(state: RunState, deed: Deed): readonly Deed[] {
  const { callId } = deed;
  const deeds: Deed[] = state.receipts.toArray().filter((receipt) => receipt.callId !== callId);
  for (const doubt of state.doubts) if (!isSame(doubt, deed)) deeds.push(doubt);
  for (const call of state.calls) {
    if (call.callId === callId || call.claim === undefined || call.status !== "claimed") continue;
    deeds.push({ ...call.claim, callId: call.callId, tool: call.tool });
  }
  return deeds;
}

/** The same call again carries the one in doubt on, under its key: it is no second deed. */
function isSame(doubt: OpenDoubt, { callId, tool, input }: Deed): boolean {
  if (doubt.callId === callId) return true;
  return doubt.tool === tool && doubt.argsHash === hashArgs(input);
}

/**
 * Which deed meets which obligation, by the obligation's place: augmenting paths. Those of `last`
 * come after all others and so get only what these leave over; other declined ones get nothing.
 */
function assign(
  obligations: readonly HeldObligation[],
  deeds: readonly Deed[],
  last: (obligation: HeldObligation) => boolean = () => false,
): ReadonlyMap<number, Deed> {
  const holder = new Map<Deed, number>();
  const fits = new Map<number, readonly Deed[]>();
  const all = [...obligations.entries()];
  const open = all.filter(([, each]) => each.declined === undefined);
  for (const [index, obligation] of [...open, ...all.filter(([, each]) => last(each))]) {
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
    ([name, value]) => value === undefined || holds(ownMember(actual, name), value),
  );
}

/** What every object inherits is no member of a value. */
function ownMember(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
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
