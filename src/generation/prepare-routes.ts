/** From what an author writes as an agent's model to routes that can be asked. */
import { modelFaultKinds } from "../journal/model-fault.ts";
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";
import type { LanguageModel, ModelReference } from "./model.ts";
import { resolveModel } from "./resolve.ts";
import type { PreparedRoute, Route, RouteFault } from "./route.ts";

/** One model, or several in the order in which they are tried. */
export type ModelChoice = ModelReference | Route | readonly (ModelReference | Route)[];

/** Routes that several agents share, by name; an agent says `route:NAME`. */
export type NamedRoutes = Readonly<Record<string, ModelChoice>>;

const ROUTE_FAULTS: ReadonlySet<string> = new Set<RouteFault>([
  ...modelFaultKinds,
  "budget",
  "policy",
]);

/** No agent needs more. */
const ROUTES_MAX = 16;

/** A ledger's and a circuit's scope holds no more. */
const SCOPE_CHARS_MAX = 500;

const NAMED = /^route:(.*)$/;

/**
 * Resolves every route once: what is unknown, doubled or leads in a circle is told before any run
 * begins. `where` begins the error messages.
 */
export async function prepareRoutes(
  choice: ModelChoice,
  given: { readonly named: NamedRoutes; readonly where: string },
): Promise<readonly PreparedRoute[]> {
  const written = expand(choice, { ...given, path: [] });
  const { where } = given;
  if (written.length === 0 || written.length > ROUTES_MAX) {
    const message = `${where} has ${written.length} routes to a model`;
    throw new BridleError("route_invalid", message, {
      hint: `Give at least one model and at most ${ROUTES_MAX}.`,
    });
  }
  const prepared: PreparedRoute[] = [];
  for (const { model: reference, ...conditions } of written) {
    checkConditions(conditions, where);
    const model = await resolveModel(reference);
    const name = routeName(model, reference);
    if (prepared.some((known) => known.name === name)) {
      throw new BridleError("route_invalid", `${where} has two routes to ${name}`, {
        hint: "A route that gave up is not asked again for the same answer: name each model once.",
      });
    }
    const scope = `model/${name}`.slice(0, SCOPE_CHARS_MAX);
    prepared.push({ ...conditions, name, scope, model, provider: model.provider });
  }
  if (prepared.every(isConditional)) {
    throw new BridleError("route_invalid", `${where}: every route has a condition`, {
      hint: "Leave one route without on, afterUnmet and budgetBelow: where the run begins.",
    });
  }
  return prepared;
}

/** A model at an address of its own is another one than that of the same name elsewhere. */
function routeName({ provider, modelId }: LanguageModel, reference: ModelReference): string {
  const name = `${provider}/${modelId}`;
  const isAddress = typeof reference === "object" && "baseURL" in reference;
  return isAddress ? `${name}@${new URL(reference.baseURL).host}` : name;
}

function isConditional({ on, afterUnmet, budgetBelow }: Omit<Route, "model">): boolean {
  return on !== undefined || afterUnmet !== undefined || budgetBelow !== undefined;
}

interface Expanding {
  readonly named: NamedRoutes;
  readonly where: string;
  /** The names that led here. */
  readonly path: readonly string[];
}

function expand(choice: ModelChoice, given: Expanding): readonly Route[] {
  if (isList(choice)) return choice.flatMap((each) => expand(each, given));
  const route: Route = isRoute(choice) ? choice : { model: choice };
  const name = typeof route.model === "string" ? NAMED.exec(route.model)?.[1] : undefined;
  if (name === undefined) return [route];
  const { named, where, path } = given;
  if (path.includes(name)) {
    const circle = [...path, name].join(" → ");
    throw new BridleError("route_invalid", `${where}: the routes lead in a circle: ${circle}`, {
      hint: "Let one of them name a model in place of another route.",
    });
  }
  const meant = Object.hasOwn(named, name) ? named[name] : undefined;
  if (meant === undefined) {
    throw new BridleError("route_invalid", `${where}: there is no route "${name}"`, {
      hint: didYouMean(name, Object.keys(named)),
    });
  }
  const { model: _model, ...conditions } = route;
  // What stands at the reference holds for each route behind it.
  return expand(meant, { named, where, path: [...path, name] }).map((each) => ({
    ...each,
    ...conditions,
  }));
}

function isList(choice: ModelChoice): choice is readonly (ModelReference | Route)[] {
  return Array.isArray(choice);
}

function isRoute(choice: ModelReference | Route): choice is Route {
  if (typeof choice !== "object" || choice === null || !("model" in choice)) return false;
  return !("specificationVersion" in choice) && !("baseURL" in choice);
}

function checkConditions(route: Omit<Route, "model">, where: string): void {
  const { afterUnmet = 1, budgetBelow = 1, contextTokensMax = 1, on = [] } = route;
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  const isShare = budgetBelow > 0 && budgetBelow <= 1;
  const isOn = Array.isArray(on) && on.every((kind) => ROUTE_FAULTS.has(kind));
  if (isCount(afterUnmet) && isCount(contextTokensMax) && isShare && isOn) return;
  throw new BridleError("route_invalid", `${where} has a route with a condition that is none`, {
    hint:
      "afterUnmet and contextTokensMax are whole numbers above 0, budgetBelow a share from 0 to " +
      '1, on a list of faults such as ["context_overflow"].',
  });
}
