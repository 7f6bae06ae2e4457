/** The request of one attempt: the conversation as this route is to have it. */
import type { ModelRequest, ModelSettings, ToolSpec } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { Agent } from "./agent.ts";
import type { Session } from "./session.ts";

export function modelRequest(
  session: Session,
  agent: Agent,
  given: { readonly route: PreparedRoute; readonly settings: ModelSettings },
): ModelRequest {
  const { instructions } = agent.definition;
  return {
    prompt: session.prompt.of(instructions, session.state, given.route),
    tools: offeredTools(agent, session.state.withheld),
    settings: given.settings,
    abortSignal: session.abort,
  };
}

const offers = new WeakMap<readonly ToolSpec[], Map<string, readonly ToolSpec[]>>();

/** Lists are made once, so that what is cached by a list stays cached. */
function offeredTools(agent: Agent, withheld: readonly string[]): readonly ToolSpec[] {
  if (withheld.length === 0) return agent.toolSpecs;
  const known = offers.get(agent.toolSpecs) ?? new Map<string, readonly ToolSpec[]>();
  offers.set(agent.toolSpecs, known);
  const key = withheld.join(" ");
  const made = known.get(key) ?? agent.toolSpecs.filter(({ name }) => !withheld.includes(name));
  if (known.size < OFFERS_MAX) known.set(key, made);
  return made;
}

const OFFERS_MAX = 256;
