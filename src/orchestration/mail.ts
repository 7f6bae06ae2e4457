/** What came from outside becomes events, written by the one fenced writer. */
import type { InboxEntry } from "../journal/store.ts";
import { isJsonObject, type Json } from "../std/json.ts";
import type { Session } from "./session.ts";

/** Takes every new inbox entry into the journal's pending events. */
export async function takeMail(session: Session): Promise<void> {
  if (!session.hasMail) return;
  const { runId } = session.fence;
  for (const entry of await session.store.inbox(runId, session.state.inboxSeen)) {
    takeEntry(session, entry);
  }
}

function takeEntry(session: Session, entry: InboxEntry): void {
  const body = isJsonObject(entry.body) ? entry.body : {};
  switch (entry.kind) {
    case "cancel":
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
