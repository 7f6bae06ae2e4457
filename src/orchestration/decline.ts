/**
 * What the model's last words decline. Strict in form, because a declined obligation holds the
 * run up no more.
 *
 * Y1 Only a line of its own that begins with DECLINED, names the whole id and gives a reason in
 *    words on that line.
 * Y2 Only what may be declined, and is not declined yet.
 * Y3 What has been done, or may have been by a call that failed without proof that nothing
 *    happened, cannot be declined.
 */
import type { HeldObligation } from "../journal/intent.ts";
import type { RunState } from "../journal/run.ts";
import { meets, standings } from "./obligation.ts";

export interface Decline {
  readonly id: string;
  readonly reason: string;
}

export interface Declines {
  /** What the model declines and may. */
  readonly taken: readonly Decline[];
  /** What it declines although it did it, or may have (Y3). */
  readonly contradicted: readonly (Decline & { readonly callId: string })[];
}

/** Only such calls are retained: a failure of the others is proof, or leaves a doubt. */
const effect = "idempotent";

export function judgeDeclines(state: RunState, text: string): Declines {
  const said = declinedBy(text, state.obligations);
  if (said.size === 0) return { taken: [], contradicted: [] };
  // As it would stand if every word were taken: only what is left over makes it a lie.
  const obligations = state.obligations.map((obligation): HeldObligation => {
    const reason = said.get(obligation.id);
    const declined = reason === undefined ? {} : { declined: { by: "model", reason } };
    return obligation.declined === undefined ? { ...obligation, ...declined } : obligation;
  });
  const taken: Decline[] = [];
  const contradicted: Declines["contradicted"][number][] = [];
  for (const [index, standing] of standings({ obligations, receipts: state.receipts }).entries()) {
    const { id, declinable } = standing.obligation;
    const reason = said.get(id);
    if (reason === undefined) continue;
    if (standing.kind === "met") contradicted.push({ id, reason, callId: standing.callId });
    const isNew = state.obligations[index]?.declined === undefined;
    const tried = state.retained.find(
      (kept) => kept.mayHaveHappened && meets(standing.obligation, { ...kept, effect }),
    );
    if (tried !== undefined && isNew) {
      contradicted.push({ id, reason, callId: tried.callId });
      continue;
    }
    if (standing.kind === "declined" && isNew && declinable === true) taken.push({ id, reason });
  }
  return { taken, contradicted };
}

const LINE = /^[\s*-]*DECLINED\**[ \t]+(\S.*)$/;

/** The longest reason that is kept, in characters. */
const REASON_MAX = 500;

/** The obligations that these words decline, with the reason, whether they may or not (Y1). */
function declinedBy(
  text: string,
  obligations: readonly HeldObligation[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/[\r\n]+/)) {
    const rest = LINE.exec(line)?.[1];
    const named = rest === undefined ? null : nameIn(rest, obligations);
    if (named === null || !isReason(named.reason) || found.has(named.id)) continue;
    found.set(named.id, named.reason.slice(0, REASON_MAX).trim());
  }
  return found;
}

/** Ids may hold colons themselves, so the longest that fits is the one that is meant. */
function nameIn(rest: string, obligations: readonly HeldObligation[]): Decline | null {
  const bare = rest.replace(/^[[`*"]+/, "");
  const fitting = obligations.flatMap(({ id }): readonly Decline[] => {
    if (!bare.startsWith(id)) return [];
    const reason = /^[\]`*"]*[ \t]*:\**[ \t]*(.*)$/.exec(bare.slice(id.length))?.[1];
    return reason === undefined ? [] : [{ id, reason }];
  });
  return fitting.sort((a, b) => b.id.length - a.id.length)[0] ?? null;
}

/** Words, and not the placeholder that the model was shown. */
function isReason(reason: string): boolean {
  return /\p{L}{2}/u.test(reason) && !/^[<[{]\s*reason\s*[>\]}]/i.test(reason);
}
