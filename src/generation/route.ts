/**
 * Which model is asked: ordered routes, each with the conditions under which it may be taken.
 *
 * G1 Pure: the same routes and the same view give the same choice.
 * G2 A run stays on its route (the provider's prompt cache is warm there) until the route gives
 *    up, rests for long, is down, or a condition of another one comes true.
 * G3 A route that gave up on this answer is not asked for it again.
 * G4 No route is left: the choice says since when and what to wait for, or that there is nothing.
 */
import type { ModelFaultKind } from "../journal/model-fault.ts";
import type { LanguageModel, ModelReference, ModelSettings } from "./model.ts";

/** Why a route gave no answer: a fault, or what spoke against it before it was asked. */
export type RouteFault = ModelFaultKind | "budget" | "policy";

/** One of an agent's routes, as its author writes it. */
export interface Route {
  readonly model: ModelReference;
  /**
   * Only after one of these faults on another route. `budget`: it had no room for the other;
   * `policy`: the other may not be asked.
   */
  readonly on?: readonly RouteFault[];
  /** Once the gate has said so often that the work is not done: a stronger model. */
  readonly afterUnmet?: number;
  /** Once less than this share (0 to 1) of the run's own budget is left: a cheaper model. */
  readonly budgetBelow?: number;
  /**
   * The model's window, in tokens: a conversation that is longer, estimated at three bytes a
   * token, goes elsewhere.
   */
  readonly contextTokensMax?: number;
  /** False: not for an agent that has tools. Default true. */
  readonly tools?: boolean;
  /** In place of the agent's own. */
  readonly settings?: ModelSettings;
}

/** A route made ready: its name is `provider/model` as it is asked. */
export interface PreparedRoute extends Omit<Route, "model"> {
  readonly name: string;
  /** What its breaker is kept under. */
  readonly scope: string;
  /** The endpoint as its client names it: `openai.responses`. */
  readonly provider: string;
  readonly model: LanguageModel;
}

export interface RouteView {
  readonly now: number;
  /** The route of the last answer; null before the first. */
  readonly current: string | null;
  /** What went wrong since the last answer, oldest first. */
  readonly faults: readonly {
    readonly asked: string;
    readonly kind: RouteFault;
    readonly answer: string;
  }[];
  /** Until when a route is to be left alone, ms since the epoch, and why. */
  readonly rest: (name: string) => RouteRest | null;
  /** How often the gate has sent the work back. */
  readonly unmet: number;
  /** Share of the run's budget that is left; null: nothing limits it. */
  readonly budgetLeft: number | null;
  /** About how many tokens the next prompt and its answer will have. */
  readonly tokens: () => number;
  readonly hasTools: boolean;
  /** A rest of this length is waited for where the run is; a longer one sends it elsewhere. */
  readonly waitMaxMs: number;
}

export interface RouteRest {
  readonly until: number;
  readonly why: string;
  /** It failed, and nobody knows when it is back: whoever can goes elsewhere at once. */
  readonly isDown?: boolean;
}

export type RouteChoice =
  | { readonly kind: "ask"; readonly route: PreparedRoute }
  | {
      readonly kind: "wait";
      readonly route: PreparedRoute;
      readonly until: number;
      readonly why: string;
    }
  | { readonly kind: "none"; readonly why: string };

export function chooseRoute(routes: readonly PreparedRoute[], view: RouteView): RouteChoice {
  const gaveUp = new Set(view.faults.flatMap((fault) => (endsRoute(fault) ? [fault.asked] : [])));
  const open = routes.filter((route) => !gaveUp.has(route.name) && isFit(route, view));
  const [first] = preferred(open, view);
  if (first === undefined) return { kind: "none", why: whyNone(routes, gaveUp) };
  const resting = new Map(open.map((route) => [route.name, restOf(route, view)]));
  const isAwake = (route: PreparedRoute): boolean => (resting.get(route.name)?.until ?? 0) === 0;
  const rest = resting.get(first.name) ?? null;
  if (rest === null) return { kind: "ask", route: first };
  const other = preferred(open, view).find(isAwake);
  const isShort = rest.isDown !== true && rest.until - view.now <= view.waitMaxMs;
  if (other !== undefined && !isShort) return { kind: "ask", route: other };
  // Whichever wakes first; the one in hand when they wake together.
  const soonest = isShort ? first : soonestOf(preferred(open, view), resting);
  const { until, why } = resting.get(soonest.name) ?? rest;
  return { kind: "wait", route: soonest, until, why };
}

function endsRoute({ answer }: RouteView["faults"][number]): boolean {
  return answer === "switch" || answer === "fail";
}

function restOf(route: PreparedRoute, view: RouteView): RouteRest | null {
  const rest = view.rest(route.name);
  return rest === null || rest.until <= view.now ? null : rest;
}

function soonestOf(
  routes: readonly PreparedRoute[],
  resting: ReadonlyMap<string, { readonly until: number } | null>,
): PreparedRoute {
  const until = ({ name }: PreparedRoute): number => resting.get(name)?.until ?? 0;
  return routes.reduce((best, route) => (until(route) < until(best) ? route : best));
}

/** Whether the route may be taken at all for the next answer. */
function isFit(route: PreparedRoute, view: RouteView): boolean {
  const { on, afterUnmet, budgetBelow, contextTokensMax, tools } = route;
  if (tools === false && view.hasTools) return false;
  if (afterUnmet !== undefined && view.unmet < afterUnmet) return false;
  if (budgetBelow !== undefined && (view.budgetLeft ?? 1) >= budgetBelow) return false;
  // A run that went there for a fault stays there (G2).
  if (on !== undefined && view.current !== route.name) {
    const { name } = route;
    const isMeant = (kind: string): boolean => on.some((wanted) => wanted === kind);
    if (!view.faults.some(({ asked, kind }) => asked !== name && isMeant(kind))) return false;
  }
  return contextTokensMax === undefined || view.tokens() <= contextTokensMax;
}

/**
 * In the order in which they are to be taken: those whose own condition came true (the strictest
 * first), the one in use, then as they are written.
 */
function preferred(open: readonly PreparedRoute[], view: RouteView): readonly PreparedRoute[] {
  const rank = (route: PreparedRoute): number => {
    if (route.afterUnmet !== undefined) return -1_000 - route.afterUnmet;
    if (route.budgetBelow !== undefined) return -100 + route.budgetBelow;
    return route.name === view.current ? -1 : 0;
  };
  return open.toSorted((one, other) => rank(one) - rank(other));
}

function whyNone(routes: readonly PreparedRoute[], gaveUp: ReadonlySet<string>): string {
  const tried = [...gaveUp].join(", ");
  const unfit = routes.filter(({ name }) => !gaveUp.has(name)).map(({ name }) => name);
  const also = unfit.length === 0 ? "" : `; not meant for this: ${unfit.join(", ")}`;
  return tried === "" ? `no route fits${also}` : `tried: ${tried}${also}`;
}
