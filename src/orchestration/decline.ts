/**
 * What the model's last words decline. Strict in form, because a declined obligation holds the
 * run up no more.
 *
 * Y1 Only a line of its own that begins with DECLINED, names the whole id and gives a reason in
 *    words on that line.
 * Y2 Only what may be declined, and is not declined yet.
 * Y3 What has been done cannot be declined: the report contradicts a receipt.
 */
import type { HeldObligation } from "../journal/intent.ts";
import type { RunState } from "../journal/run.ts";
import { standings } from "./obligation.ts";

export interface Decline {
  readonly id: string;
  readonly reason: string;
}

export interface Declines {
  /** What the model declines and may. */
  readonly taken: readonly Decline[];
  /** What it declines although a receipt says that it did it (Y3). */
  readonly contradicted: readonly (Decline & { readonly callId: string })[];
}

export function judgeDeclines(state: RunState, text: string): Declines {
  const said = declinedBy(text, state.obligations);
  if (said.length === 0) return { taken: [], contradicted: [] };
  const reasons = new Map(said.map(({ id, reason }) => [id, reason]));
  const obligations = state.obligations.map((obligation): HeldObligation => {
    const reason = reasons.get(obligation.id);
    if (reason === undefined) return obligation;
    return { ...obligation, declined: { by: "model", reason } };
  });
  const contradicted = standings({ obligations, receipts: state.receipts }).flatMap((standing) => {
    const { id } = standing.obligation;
    const reason = reasons.get(id);
    if (standing.kind !== "met" || reason === undefined) return [];
    return [{ id, reason, callId: standing.callId }];
  });
  const done = new Set(contradicted.map(({ id }) => id));
  return { taken: said.filter(({ id }) => !done.has(id)), contradicted };
}

const LINE = /^[\s*-]*DECLINED\**[ \t]+(\S.*)$/;

/** The longest reason that is kept, in characters. */
const REASON_MAX = 500;

type Declinable = Pick<HeldObligation, "id" | "declinable" | "declined">;

/** The obligations that these words decline, where they may (Y1, Y2). */
export function declinedBy(text: string, obligations: readonly Declinable[]): readonly Decline[] {
  const found = new Map<string, string>();
  for (const line of text.split(/[\r\n]+/)) {
    const rest = LINE.exec(line)?.[1];
    if (rest === undefined) continue;
    const named = nameIn(rest, obligations);
    if (named === null) continue;
    const { obligation, reason } = named;
    const may = obligation.declinable === true && obligation.declined === undefined;
    if (may && isReason(reason) && !found.has(obligation.id)) {
      found.set(obligation.id, reason.slice(0, REASON_MAX).trim());
    }
  }
  return [...found].map(([id, reason]) => ({ id, reason }));
}

/** Ids may hold colons themselves, so the longest that fits is the one that is meant. */
function nameIn(
  rest: string,
  obligations: readonly Declinable[],
): { readonly obligation: Declinable; readonly reason: string } | null {
  const bare = rest.replace(/^[[`*"]+/, "");
  const fitting = obligations.flatMap((obligation) => {
    if (!bare.startsWith(obligation.id)) return [];
    const reason = /^[\]`*"]*[ \t]*:\**[ \t]*(.*)$/.exec(bare.slice(obligation.id.length))?.[1];
    return reason === undefined ? [] : [{ obligation, reason }];
  });
  const longest = Math.max(0, ...fitting.map(({ obligation }) => obligation.id.length));
  return fitting.find(({ obligation }) => obligation.id.length === longest) ?? null;
}

/** Words, and not the placeholder that the model was shown. */
function isReason(reason: string): boolean {
  return /\p{L}{2}/u.test(reason) && !/^[<[{]\s*reason\s*[>\]}]/i.test(reason);
}
