/**
 * What policies ask of the past (`context.past`): counts and sums over calls of this run, user or
 * tenant, in flight included. Each call is entered before its policies are asked, in one order
 * for all workers, and sees what was entered before it: of two calls that together go over a cap,
 * the later one knows of the earlier.
 *
 * A count and a sum leave the call itself out; a count of different values takes its value in.
 */
import { orgScope, userScope } from "../governance/budget.ts";
import type { PolicySet } from "../governance/policy/load.ts";
import { tallyAmount, tallyValue, type TallyWanted } from "../governance/policy/tally.ts";
import { TALLY, type TallyLine } from "../journal/ledger.ts";
import { hashJson } from "../std/hash.ts";
import { newId } from "../std/ids.ts";
import type { Json } from "../std/json.ts";
import type { Checked } from "./call-checked.ts";
import { reservationKeys, type Session } from "./session.ts";

/** The value of each tally of the set, by name. Those that no rule about the tool reads are 0. */
export async function countPast(
  session: Session,
  { call, tool, input }: Checked,
  policies: PolicySet,
): Promise<Readonly<Record<string, number>>> {
  const values: Record<string, number> = {};
  for (const { name } of policies.tallies) values[name] = 0;
  const wanted = policies.tallies.filter((tally) => tally.tools.includes(tool.name));
  const others = policies.tallies.filter((tally) => !tally.tools.includes(tool.name));
  if (wanted.length > 0) {
    const lines = wanted.map((tally) => lineOf(session, tally, input));
    const [, key] = reservationKeys(call.callId);
    const { runId } = session.fence;
    const made = await session.store.reserve({ key, runId, at: session.clock.now(), lines });
    if (made.kind === "denied") throw new Error("what happened before could not be counted");
    session.noteReservation(key, lines.length);
    for (const [index, { name, operator }] of wanted.entries()) {
      const before = made.tallies[index] ?? 0;
      const isNew = operator === "distinct" && made.seen[index] !== true;
      values[name] = isNew ? before + 1 : before;
    }
  }
  await readOthers(session, others, values);
  return values;
}

/** All tallies of a set as they are, for what is no call itself. */
export async function readPast(
  session: Session,
  policies: PolicySet,
): Promise<Readonly<Record<string, number>>> {
  const values: Record<string, number> = {};
  await readOthers(session, policies.tallies, values);
  return values;
}

/** Tallies that this call does not belong to are only read. */
async function readOthers(
  session: Session,
  others: readonly TallyWanted[],
  values: Record<string, number>,
): Promise<void> {
  const summed = others.filter(({ operator }) => operator !== "distinct");
  const accounts = summed.map((tally) => {
    return { scope: scopeOf(session, tally), unit: TALLY, windowMs: tally.withinMs };
  });
  const now = session.clock.now();
  const spendings = accounts.length === 0 ? [] : await session.store.usage(accounts, now);
  for (const [index, { name }] of summed.entries()) {
    const { spent = 0, held = 0 } = spendings[index] ?? {};
    values[name] = spent + held;
  }
  for (const tally of others) {
    if (tally.operator === "distinct") values[tally.name] = await readDistinct(session, tally);
  }
}

/** Different values are counted only beside a new entry, which goes again at once. */
async function readDistinct(session: Session, tally: TallyWanted): Promise<number> {
  const { runId } = session.fence;
  const now = session.clock.now();
  const key = `q.${newId(now)}`;
  const lines = [lineOf(session, tally, null)];
  const made = await session.store.reserve({ key, runId, at: now, lines });
  await session.store.unreserve(session.fence, key);
  return made.kind === "reserved" ? (made.tallies[0] ?? 0) : Number.MAX_SAFE_INTEGER;
}

function lineOf(session: Session, tally: TallyWanted, input: Json): TallyLine {
  const { operator, withinMs: windowMs } = tally;
  const scope = scopeOf(session, tally);
  const amount = tallyAmount(tally, input);
  if (operator !== "distinct") return { kind: "tally", scope, amount, windowMs };
  const distinct = JSON.stringify(tallyValue(tally, input));
  return { kind: "tally", scope, amount, windowMs, distinct };
}

/** The same question of two agents is one account: what counts is who acts, not through whom. */
function scopeOf(session: Session, tally: TallyWanted): string {
  const { operator, tools, path, by } = tally;
  const principal = session.state.created?.principal ?? null;
  const whose = {
    run: `run/${session.fence.runId}`,
    user: userScope(principal),
    tenant: orgScope(principal),
  }[by];
  const what = hashJson({ operator, path, tools: tools.toSorted() }).slice(0, 16);
  return `tally/${whose}/${what}`;
}

/** The call does not run: what was entered for it goes. */
export async function forgetPast(session: Session, callId: string): Promise<void> {
  const [, key] = reservationKeys(callId);
  if (session.forgetReservation(key)) await session.store.unreserve(session.fence, key);
}
