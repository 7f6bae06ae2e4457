/** Obligations that arise within a run: from a tool's result that confirms a request. */
import { BridleError, errorMessage } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { obligationsOf } from "../tools/governed.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import { keptObligation } from "./intent.ts";
import { checkObligations } from "./obligation.ts";
import type { Session } from "./session.ts";

/** What a tool's result obliges the run to; an obligation it knows by its id is opened once. */
export function openObligations(
  session: Session,
  agent: Agent,
  done: {
    readonly tool: Tool | undefined;
    readonly callId: string;
    readonly input: Json;
    readonly output: Json;
  },
): void {
  const { tool, callId, input, output } = done;
  if (tool?.definition.obliges === undefined) return;
  const known = session.state.obligations;
  try {
    const given = obligationsOf(tool.definition, { input, output });
    const added = given.filter(({ id }) => !known.some((each) => each.id === id));
    checkObligations(added, {
      where: `Tool "${tool.name}"`,
      tools: new Set(agent.tools.keys()),
      taken: known,
    });
    for (const each of added) {
      const obligation = keptObligation(each);
      session.push({ kind: "obligation.opened", obligation, source: callId });
    }
  } catch (thrown) {
    const message = `What tool "${tool.name}" obliges to is broken: ${errorMessage(thrown)}`;
    throw new BridleError("agent_broken", message, {
      hint: "Mend the tool's `obliges`, then start the work again.",
      cause: thrown,
    });
  }
}
