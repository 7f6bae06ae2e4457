/** The request of one attempt: the conversation as this route is to have it. */
import type { ModelRequest, ModelSettings, ToolSpec } from "../generation/model.ts";
import type { PreparedRoute } from "../generation/route.ts";
import { fitOutput } from "../generation/fit-output.ts";
import { nextShrink } from "../generation/shrink.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { ModelFaulted } from "../journal/wire-event.ts";
import type { Agent } from "./agent.ts";
import { PromptView } from "./prompt-view.ts";
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

/** The agent's settings, those of the route in their place, and no more output than fits. */
export function settingsFor(session: Session, agent: Agent, route: PreparedRoute): ModelSettings {
  const limit = session.state.outputLimits.find(({ asked }) => asked === route.name);
  if (route.settings === undefined && limit === undefined) return agent.settings;
  const settings = { ...agent.settings, ...route.settings };
  if (limit === undefined) return settings;
  const { maxOutputTokens = limit.tokensMax } = settings;
  return { ...settings, maxOutputTokens: Math.min(maxOutputTokens, limit.tokensMax) };
}

/**
 * Whether the strictest form of the conversation is another one than was sent: what was refused
 * is not sent again as it was.
 */
export function hasStricterForm({ state }: Session, agent: Agent, route: PreparedRoute): boolean {
  const { strictFor } = state;
  if (strictFor.includes(route.name)) return false;
  const formOf = (strict: readonly string[]): string => {
    const view = new PromptView();
    const prompt = view.of(agent.definition.instructions, { ...state, strictFor: strict }, route);
    return JSON.stringify(prompt);
  };
  return formOf(strictFor) !== formOf([...strictFor, route.name]);
}

/** About how many characters a token has, for how much is to be saved. */
const TOKEN_CHARS = 4;

/**
 * How the request that did not fit can be made smaller: by the output it reserves, where the
 * provider said that the prompt itself would fit, else by the history. Null: it cannot.
 */
export function smallerRequest(
  { state }: Session,
  fault: ModelFault,
  refused: {
    readonly asked: string;
    /** The output that the refused request asked for at most. */
    readonly maxOutputTokens: number | undefined;
  },
): Pick<ModelFaulted, "shrink"> | Pick<ModelFaulted, "outputTokensMax"> | null {
  const { tokens, tokensMax } = fault.kind === "context_overflow" ? fault : {};
  const { asked, maxOutputTokens } = refused;
  const fit = fitOutput({
    ...(tokens === undefined ? {} : { tokens }),
    ...(tokensMax === undefined ? {} : { tokensMax }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  });
  const isFirst = !state.turnFaults.some(
    (before) => before.answer === "shrink" && before.asked === asked,
  );
  if (fit !== null && isFirst) return { outputTokensMax: fit };
  const over = (tokens ?? 0) - (tokensMax ?? 0);
  const wantedChars = Math.max(1, over * TOKEN_CHARS);
  const shrink = nextShrink(state.messages.toArray(), state.shrinks, wantedChars);
  return shrink === null ? null : { shrink };
}

const offers = new WeakMap<readonly ToolSpec[], Map<string, readonly ToolSpec[]>>();

/** Lists are made once, so that what is cached by a list stays cached. */
function offeredTools(agent: Agent, withheld: readonly string[]): readonly ToolSpec[] {
  if (withheld.length === 0) return agent.toolSpecs;
  const known = offers.get(agent.toolSpecs) ?? new Map<string, readonly ToolSpec[]>();
  offers.set(agent.toolSpecs, known);
  const key = withheld.join(" ");
  const rest = known.get(key) ?? agent.toolSpecs.filter(({ name }) => !withheld.includes(name));
  // Providers refuse a conversation with calls in it that offers no tool at all.
  const made = rest.length === 0 ? agent.toolSpecs : rest;
  if (known.size < OFFERS_MAX) known.set(key, made);
  return made;
}

const OFFERS_MAX = 256;
