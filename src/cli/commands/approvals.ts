import type { JournalStore } from "../../journal/store.ts";
import { exitCodes } from "../exit-code.ts";
import { listApprovals } from "../find-approval.ts";
import { findRun } from "../find-run.ts";
import { openJournal, type JournalOptions } from "../journal.ts";
import { createOutput } from "../output.ts";
import { approvalLines, approvalObject } from "../render/approval.ts";

export interface ApprovalsOptions extends JournalOptions {
  readonly json?: boolean;
  /** Only of this run. */
  readonly run?: string;
  /** Also what has been settled. */
  readonly all?: boolean;
}

/** What waits for people, oldest first: the exact calls, or one JSON object per line. */
export async function showApprovals(options: ApprovalsOptions): Promise<number> {
  const { store } = await openJournal(options);
  const output = createOutput();
  const isAll = options.all === true;
  const approvals = await listApprovals(store, { ...(await runOf(store, options.run)), isAll });
  const now = Date.now();
  if (approvals.length === 0) output.say(isAll ? "nothing was asked" : "nothing waits for anybody");
  for (const approval of approvals) {
    if (options.json === true) output.json(approvalObject(approval, now));
    else for (const line of approvalLines(approval, now, output.paint)) output.out(line);
  }
  await store.close();
  return exitCodes.ok;
}

async function runOf(
  store: JournalStore,
  named: string | undefined,
): Promise<{ readonly runId?: string }> {
  return named === undefined ? {} : { runId: (await findRun(store, named)).runId };
}
