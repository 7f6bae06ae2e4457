/** The messages of runs, numbered from 1 in each (S5 in `journal/store.ts`). */
import type { JournalLimits } from "../../journal/limits.ts";
import type { InboxEntry, Posted } from "../../journal/store.ts";
import { checkInbox } from "../../journal/store-rules.ts";
import { inboxEntry, writerRow } from "./rows.ts";
import { SEQ_SPAN } from "./schema.ts";
import type { Statements } from "./statements.ts";

/** A message whose body is canonical text already. */
export type SealedMessage = Omit<InboxEntry, "id" | "body"> & { readonly text: string };

/** The run's newest message, 0 when it has none. */
export function inboxHead(sql: Statements, pk: number): number {
  const id = sql.inboxHead.get((pk + 1) * SEQ_SPAN)?.["id"];
  return typeof id === "number" && id >= pk * SEQ_SPAN ? id % SEQ_SPAN : 0;
}

export function readInbox(sql: Statements, pk: number, afterId: number): readonly InboxEntry[] {
  return sql.readInbox.all(pk * SEQ_SPAN + afterId, (pk + 1) * SEQ_SPAN).map(inboxEntry);
}

/** Keeps the message and readies its run, in the caller's transaction. */
export function postMessage(
  sql: Statements,
  run: { readonly pk: number; readonly runId: string; readonly limits: JournalLimits },
  { key, kind, at, text }: SealedMessage,
): Posted {
  const { pk, runId, limits } = run;
  if (writerRow(sql.writer.get(pk))?.status === "finished") return "finished";
  if (sql.findInbox.get(pk, key) !== undefined) return "duplicate";
  const head = inboxHead(sql, pk);
  checkInbox(limits, runId, head);
  sql.insertInbox.run(pk * SEQ_SPAN + head + 1, pk, key, kind, at, text);
  sql.unpark.run(pk);
  return "posted";
}
