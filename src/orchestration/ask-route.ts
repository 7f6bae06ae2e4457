/** What a run knows when its next route is chosen (`generation/route.ts` chooses). */
import { modelBreaker, spreadMs, type ModelRetry, type Tries } from "../generation/retry.ts";
import {
  chooseRoute,
  type PreparedRoute,
  type RouteChoice,
  type RouteView,
} from "../generation/route.ts";
import type { ModelFaultKind } from "../journal/model-fault.ts";
import { systemRandom } from "../std/random.ts";
import type { Agent } from "./agent.ts";
import type { Asked } from "./asking.ts";
import type { Circuits } from "./circuits.ts";
import type { Governing } from "./governing.ts";
import type { Session } from "./session.ts";
import type { Exhausted } from "./spend.ts";
import { outputTokensMax, promptTokensMax } from "./token-bound.ts";

/** A route that was set aside without being asked: no budget for it, or a policy against it. */
export interface LocalFault {
  readonly asked: string;
  readonly kind: "budget" | "policy";
  readonly answer: "switch";
  readonly outcome: Asked | Exhausted;
}

export interface RouteFacts {
  readonly routes: readonly PreparedRoute[];
  readonly circuits: Circuits;
  readonly governing: Governing;
  readonly retry: ModelRetry;
  readonly local: readonly LocalFault[];
}

export function pickRoute(
  session: Session,
  agent: Agent,
  facts: RouteFacts,
): RouteChoice | Promise<RouteChoice> {
  const { routes, circuits } = facts;
  const [only] = routes;
  // The usual case, at no cost: one route, and nothing that speaks against it.
  const isOnly = routes.length === 1 && only !== undefined && isPlain(only);
  if (isOnly && isCalm(session, facts) && circuits.isQuiet(only.scope)) {
    return { kind: "ask", route: only };
  }
  return pickAmong(session, agent, facts);
}

function isPlain({ on, afterUnmet, budgetBelow, contextTokensMax, tools }: PreparedRoute): boolean {
  const hasCondition = on ?? afterUnmet ?? budgetBelow ?? contextTokensMax;
  return hasCondition === undefined && tools !== false;
}

function isCalm({ state }: Session, { local }: RouteFacts): boolean {
  return local.length === 0 && state.turnFaults.length === 0 && state.rests.length === 0;
}

async function pickAmong(session: Session, agent: Agent, facts: RouteFacts): Promise<RouteChoice> {
  const { routes, circuits } = facts;
  const isQuiet = routes.every(({ scope }) => circuits.isQuiet(scope));
  const [first] = routes;
  // One look reads what is known of them all.
  if (!isQuiet && first !== undefined) await circuits.look(first.scope);
  return chooseRoute(routes, await viewOf(session, agent, facts));
}

/** What was tried before a fault, that fault included. */
export function triesOf(
  { state }: Session,
  agent: Agent,
  facts: RouteFacts & {
    readonly asked: string;
    readonly kind: ModelFaultKind;
    readonly canShrink: () => boolean;
    readonly canRepair: () => boolean;
  },
): Tries {
  const { asked, kind, routes, local } = facts;
  const isLimit = (fault: { readonly kind: ModelFaultKind }): boolean =>
    fault.kind === "rate_limited";
  const onRoute = state.turnFaults.filter(
    (fault) => fault.asked === asked && isLimit(fault) === isLimit({ kind }),
  );
  const ofKind = onRoute.filter((fault) => fault.kind === kind);
  const gone = new Set(
    [...state.turnFaults, ...local].flatMap(({ asked: name, answer }) =>
      answer === "switch" || answer === "fail" ? [name] : [],
    ),
  );
  const others = routes.filter((route) => {
    if (route.name === asked || gone.has(route.name)) return false;
    if (route.tools === false && agent.toolSpecs.length > 0) return false;
    return isMeantFor(route, kind, state.gateRounds);
  });
  return {
    onRoute: onRoute.length + 1,
    ofKind: ofKind.length + 1,
    inRun: state.faults + 1,
    shrinks: onRoute.filter(({ answer }) => answer === "shrink").length,
    canShrink: facts.canShrink,
    canRepair: facts.canRepair,
    hasOther: others.length > 0,
  };
}

/** Conditions of money and size are looked at when the route is chosen. */
function isMeantFor(route: PreparedRoute, kind: ModelFaultKind, unmet: number): boolean {
  if (route.afterUnmet !== undefined && unmet < route.afterUnmet) return false;
  return route.on === undefined || route.on.includes(kind);
}

/** A prompt's tokens are bounded by its bytes; where nothing is spent on the answer, a guess. */
const TOKEN_BYTES = 3;

async function viewOf(session: Session, agent: Agent, facts: RouteFacts): Promise<RouteView> {
  const { state, clock } = session;
  const { circuits, retry, local, routes } = facts;
  const wantsBudget = routes.some((route) => route.budgetBelow !== undefined);
  const now = clock.now();
  return {
    now,
    current: state.asked,
    faults: [...state.turnFaults, ...local],
    rest: (name) => {
      const own = state.rests.find((rest) => rest.asked === name);
      const route = routes.find((each) => each.name === name);
      const shared =
        route === undefined ? null : circuits.closedOff(route.scope, modelBreaker(retry));
      const why = "the provider asked to wait";
      if (own !== undefined && own.until > (shared?.until ?? 0)) return { until: own.until, why };
      if (shared === null) return null;
      // Everybody knows of it: they must not all come back in the same moment.
      const until = shared.until + spreadMs(shared.until - now, systemRandom);
      return { until, why: shared.reason, isDown: shared.why !== "resting" };
    },
    unmet: state.gateRounds,
    budgetLeft: wantsBudget ? await budgetLeft(session, agent) : null,
    // By its bytes throughout: what a provider counted are tokens already, and its own.
    tokens: () =>
      Math.ceil(promptTokensMax(session, agent, null) / TOKEN_BYTES) + outputTokensMax(agent),
    hasTools: agent.toolSpecs.length > 0,
    waitMaxMs: retry.waitMaxMs,
  };
}

/** The smallest share that is left of what the run's own budget limits; null: nothing. */
async function budgetLeft(session: Session, agent: Agent): Promise<number | null> {
  const { usd, inputTokens, outputTokens } = agent.definition.budget ?? {};
  const { runId } = session.fence;
  const limits = [
    { unit: "usdMicros", max: usd === undefined ? undefined : Math.round(usd * 1e6) },
    { unit: "inputTokens", max: inputTokens },
    { unit: "outputTokens", max: outputTokens },
  ].flatMap(({ unit, max }) => {
    if (max === undefined || max <= 0) return [];
    return [{ unit, max: max + (session.state.raised[unit] ?? 0), scope: `run/${runId}` }];
  });
  if (limits.length === 0) return null;
  const used = await session.store.usage(limits, session.clock.now());
  const shares = limits.map(({ max }, n) => {
    const spending = used[n];
    return spending === undefined ? 1 : 1 - (spending.spent + spending.held) / max;
  });
  return Math.max(0, Math.min(...shares));
}
