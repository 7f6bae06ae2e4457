/** Obligations that arise within a run: from a tool's result that confirms a request. */
import { OBLIGATIONS_MAX, type Obligation } from "../journal/intent.ts";
import { BridleError, errorMessage } from "../std/error.ts";
import { hashJson } from "../std/hash.ts";
import type { Json } from "../std/json.ts";
import { obligationsOf } from "../tools/governed.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import { keptObligation } from "./intent.ts";
import { checkObligations } from "./obligation.ts";
import type { Session } from "./session.ts";

/**
 * What a tool's result obliges the run to. The same obligation is opened once; another one under
 * a known id is one more, so that nobody takes its place by coming first.
 */
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
    const tools = new Set(agent.tools.keys());
    const where = `Tool "${tool.name}"`;
    // As the tool gave them: what is wrong with them is its author's mistake.
    checkObligations(given, { where, tools });
    const added = given.flatMap((each) => newUnder(known, keptObligation(each)));
    checkObligations(added, { where, tools, taken: known });
    for (const obligation of added) {
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

/** None when it is known; with an id of its own when another one has its id. */
function newUnder(known: readonly Obligation[], given: Obligation): readonly Obligation[] {
  for (let nth = 1; nth <= OBLIGATIONS_MAX; nth++) {
    const id = nth === 1 ? given.id : `${given.id}#${nth}`;
    const other = known.find((each) => each.id === id);
    if (other === undefined) return [{ ...given, id }];
    if (hashJson(askedBy(other)) === hashJson(askedBy(given))) return [];
  }
  return [];
}

/** What an obligation asks for, however it is worded. */
function askedBy({ tool, input, output, declinable }: Obligation): object {
  return { tool, input, output, declinable };
}
