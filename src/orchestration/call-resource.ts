/** What a call acts on, read from the real system right before it is decided on. */
import type { DecisionRequest } from "../governance/decide.ts";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { errorMessage } from "../std/error.ts";
import { isJsonObject, toJson } from "../std/json.ts";
import { denied, deniedQuoting, type Checked, type Denied } from "./call-checked.ts";
import type { CallOptions } from "./call-prepare.ts";
import type { Session } from "./session.ts";

export type Resource = NonNullable<DecisionRequest["resource"]>;

export type Found = { readonly kind: "found"; readonly resource: Resource | null } | Denied;

export async function resourceOf(
  session: Session,
  { tool, input }: Checked,
  { governing }: CallOptions,
): Promise<Found> {
  const { resource } = tool.definition;
  if (resource === undefined) return { kind: "found", resource: null };
  const deadline = startDeadline(governing.decideTimeoutMs, session.abort);
  try {
    const { runId, created } = session.state;
    const principal = created?.principal ?? null;
    const context = { runId, principal, abortSignal: deadline.stop.signal };
    // The author's own input type, which the schema has just checked.
    const asked = Promise.resolve(resource.of(input as never, context));
    const { id, tenant, version, attributes } = await untilAborted(asked, deadline.stop);
    if (typeof id !== "string") return denied("resource/unknown", "what it acts on has no id");
    const json = toJson(attributes);
    const known: Resource = {
      type: resource.type,
      id,
      ...(tenant === undefined ? {} : { tenant }),
      ...(version === undefined ? {} : { version }),
      ...(isJsonObject(json) ? { attributes: json } : {}),
    };
    const own = principal?.tenant;
    if (tenant !== undefined && tenant !== own) {
      return denied("bridle/cross-tenant", `it belongs to another tenant`);
    }
    return { kind: "found", resource: known };
  } catch (thrown) {
    const reason = `what it acts on could not be looked up: ${errorMessage(thrown)}`;
    return deniedQuoting("resource/unknown", reason);
  } finally {
    deadline.end();
  }
}
