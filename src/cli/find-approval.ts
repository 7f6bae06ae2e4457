/** What waits for people. The store's index says where to look; the runs' journals are believed. */
import { approvalHistory, type PastApproval } from "../journal/approval-history.ts";
import { readEvents } from "../journal/read-run.ts";
import type { JournalStore } from "../journal/store.ts";
import { LIST_MAX } from "../journal/store-rules.ts";
import { BridleError } from "../std/error.ts";

/** Oldest first; of one run, or of all. With `isAll` also those that have been settled. */
export async function listApprovals(
  store: JournalStore,
  given: { readonly runId?: string; readonly isAll: boolean },
): Promise<readonly PastApproval[]> {
  const { runId, isAll } = given;
  const runIds = runId === undefined ? await runsThatAsk(store, isAll) : [runId];
  const found: PastApproval[] = [];
  for (const each of runIds) {
    const approvals = approvalHistory(each, await readEvents(store, each));
    found.push(...approvals.filter(({ decision }) => isAll || decision === null));
  }
  return found.toSorted((one, other) => one.requestedAt - other.requestedAt);
}

async function runsThatAsk(store: JournalStore, isAll: boolean): Promise<readonly string[]> {
  const status = isAll ? {} : { status: "open" as const };
  const rows = await store.approvals({ ...status, limit: LIST_MAX });
  return [...new Set(rows.map(({ runId }) => runId))];
}

/** Shorter beginnings or ends of an id are no name for what is about to be approved. */
const NAMED_CHARS_MIN = 4;

/** By its id, or by a beginning or end of it that only one open approval has. */
export async function findApproval(store: JournalStore, named: string): Promise<PastApproval> {
  const row = await store.approval(named);
  const inRun = row === undefined ? undefined : { runId: row.runId };
  const known = await listApprovals(store, { ...inRun, isAll: inRun !== undefined });
  const exact = known.find(({ approvalId }) => approvalId === named);
  if (exact !== undefined) return exact;
  const wanted = named.toLowerCase();
  const isNamed = ({ approvalId }: PastApproval): boolean =>
    approvalId.startsWith(wanted) || approvalId.endsWith(wanted);
  const found = wanted.length < NAMED_CHARS_MIN ? [] : known.filter(isNamed);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined) {
    const ids = found.slice(0, 5).map(({ approvalId }) => approvalId);
    throw new BridleError("approval_ambiguous", `${found.length} approvals match "${named}"`, {
      hint: `Write more of it: ${ids.join(", ")}.`,
    });
  }
  throw new BridleError("approval_unknown", `No approval "${named}" waits in this journal`, {
    hint: "See what waits with `bridle approvals`, and what was answered with --all.",
  });
}
