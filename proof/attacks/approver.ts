/** The worst approver: whatever is asked, the answer is yes, at once and unread. */
import type { Harness, JournalStore } from "../../src/index.ts";

/** Between two looks at what waits, ms. */
const LOOK_MS = 3;
const LIMIT = 1_000;

/** Says yes until it is closed. */
export function openApprover(bridle: Harness, store: JournalStore): () => Promise<void> {
  const answered = new Set<string>();
  const stop = new AbortController();
  const say = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      for (const { approvalId, runId } of await store.approvals({ status: "open", limit: LIMIT })) {
        if (answered.has(approvalId)) continue;
        answered.add(approvalId);
        const run = await bridle.run(runId);
        await run.vote({ approvalId, by: "approver", decision: "approve" });
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const saying = say();
  return async () => {
    stop.abort();
    await saying;
  };
}
