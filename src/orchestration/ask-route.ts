/** What a run knows when its next route is chosen (`generation/route.ts` chooses). */
import { defaultBreaker, type BreakerSettings } from "../generation/breaker.ts";
import type { ModelRetry, Tries } from "../generation/retry.ts";
import {
  chooseRoute,
  type PreparedRoute,
  type RouteChoice,
  type RouteView,
} from "../generation/route.ts";
import type { ModelFaultKind } from "../journal/model-fault.ts";
import type { Agent } from "./agent.ts";
import type { Asked } from "./ask.ts";
import type { Circuits } from "./circuits.ts";
import type { Governing } from "./governing.ts";
import type { Session } from "./session.ts";
import type { Exhausted } from "./spend.ts";
import { outputTokensMax, promptTokensMax } from "./token-bound.ts";

/** A route that was set aside without being asked: no budget for it, or a policy against it. */
export interface LocalFault {
  readonly asked: string;
  readonly kind: "budget";
  readonly answer: "switch";
  readonly outcome: Asked | Exhausted;
}

/** Models fail more often than tools without being down; one answer tries a route five times. */
export const MODEL_BREAKER: BreakerSettings = { ...defaultBreaker, failuresMax: 10 };

export function modelScope({ name }: PreparedRoute): string {
  return `model/${name}`.slice(0, 500);
}

export interface RouteFacts {
  readonly routes: readonly PreparedRoute[];
  readonly circuits: Circuits;
  readonly governing: Governing;
  readonly retry: ModelRetry;
  readonly local: readonly LocalFault[];
}

export async function pickRoute(
  session: Session,
  agent: Agent,
  facts: RouteFacts,
): Promise<RouteChoice> {
  const { routes, circuits } = facts;
  const isQuiet = routes.every((route) => circuits.isQuiet(modelScope(route)));
  const [first] = routes;
  // One look reads what is known of them all.
  if (!isQuiet && first !== undefined) await circuits.look(modelScope(first));
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
    shrinks: state.turnFaults.filter(({ answer }) => answer === "shrink").length,
    canShrink: facts.canShrink,
    isStrict: state.strictFor === asked,
    hasOther: others.length > 0,
  };
}

/** Conditions of money and size are looked at when the route is chosen. */
function isMeantFor(route: PreparedRoute, kind: ModelFaultKind, unmet: number): boolean {
  if (route.afterUnmet !== undefined && unmet < route.afterUnmet) return false;
  return route.on === undefined || route.on.includes(kind);
}

async function viewOf(session: Session, agent: Agent, facts: RouteFacts): Promise<RouteView> {
  const { state, clock } = session;
  const { circuits, retry, local, routes } = facts;
  const wantsBudget = routes.some((route) => route.budgetBelow !== undefined);
  return {
    now: clock.now(),
    current: state.asked,
    faults: [...state.turnFaults, ...local],
    rest: (name) => {
      const own = state.rests.find((rest) => rest.asked === name);
      const shared = circuits.closedOff(`model/${name}`.slice(0, 500));
      const why = "the provider asked to wait";
      const isOwn = own !== undefined && own.until > (shared?.until ?? 0);
      return isOwn ? { until: own.until, why } : shared;
    },
    unmet: state.gateRounds,
    budgetLeft: wantsBudget ? await budgetLeft(session, agent) : null,
    tokensMax: () => promptTokensMax(session, agent) + outputTokensMax(agent),
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
