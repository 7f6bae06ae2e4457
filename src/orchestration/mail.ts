/** What came from outside becomes events, written by the one fenced writer. */
import type { InboxEntry } from "../journal/store.ts";
import { BridleError } from "../std/error.ts";
import { isJsonObject, type Json } from "../std/json.ts";
import type { Session } from "./session.ts";

/** Takes every new inbox entry into the journal's pending events. */
export async function takeMail(session: Session): Promise<void> {
  const { runId } = session.fence;
  while (session.hasMail) {
    session.beginLook();
    const entries = await session.store.inbox(runId, session.state.inboxSeen);
    for (const entry of entries) takeEntry(session, entry);
    // Told of mail that is not there: nothing to wait for.
    if (entries.length === 0) return;
  }
}

/** A cancel does not wait for the model, for reads in flight or for a free slot. */
export async function stopIfCancelled(session: Session): Promise<void> {
  const entries = await session.store.inbox(session.fence.runId, session.state.inboxSeen);
  if (entries.some((entry) => entry.kind === "cancel")) stopAsking(session);
}

function stopAsking(session: Session): void {
  if (session.abort.aborted) return;
  session.abort.abort(new BridleError("aborted", "The run was cancelled"));
}

function takeEntry(session: Session, entry: InboxEntry): void {
  const body = isJsonObject(entry.body) ? entry.body : {};
  switch (entry.kind) {
    case "cancel":
      stopAsking(session);
      session.push({
        kind: "run.cancel_requested",
        inbox: entry.id,
        reason: textOf(body["reason"], "cancelled"),
      });
      return;
    case "steer":
      session.push({
        kind: "message.added",
        from: "person",
        inbox: entry.id,
        text: textOf(body["text"], ""),
      });
      return;
    case "resolve":
      session.push({
        kind: "call.resolved",
        by: "person",
        callId: textOf(body["callId"], ""),
        happened: body["happened"] === true,
        inbox: entry.id,
        ...(body["output"] === undefined ? {} : { output: body["output"] }),
      });
      return;
    default:
      return;
  }
}

function textOf(value: Json | undefined, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}
