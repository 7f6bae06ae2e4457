/**
 * Which faults each request meets.
 *
 * L1 What is drawn follows from (seed, run key, decision, repeat) and never from timing: two
 *    clients that ask the same meet the same.
 * L2 After `inARowMax` draws in a row for one decision the next request of it meets none, so that
 *    a client with patience gets through at any rate. What is named without a share is no draw.
 */
import { BridleError } from "../std/error.ts";
import { pick, seededRandom, seedFrom, type Random } from "../std/random.ts";
import { checkDraw } from "./draw.ts";
import type { FaultPlan, PlannedFault, WireFault } from "./exchange.ts";
import { isDue, isTimed, type FaultSpec } from "./fault-spec.ts";
import { parseFaultSpec } from "./faults/catalogue.ts";
import { keyCount } from "./key-count.ts";
import { findProfile, type FaultClass, type ProfileName } from "./profile.ts";

export interface FaultPlanOptions {
  /** A rate and a mixture. Left out, with `rate` and `weights` as well: nothing is drawn. */
  readonly profile?: ProfileName;
  /** Share of the requests that meet a fault, 0 to 1, in place of the profile's. */
  readonly rate?: number;
  /** What is drawn and how often, by name, in place of the profile's mixture. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Faults by name and time, on top of what is drawn: see `parseFaultSpec`. */
  readonly faults?: readonly string[];
  /** False leaves a fault out of every mixture; to name it is then refused. All when left out. */
  readonly mayStrike?: (fault: WireFault) => boolean;
  /** 1 when left out. */
  readonly seed?: number;
  /** See L2. 3 when left out. */
  readonly inARowMax?: number;
}

/** A request, and which of its run it is, counted from 1. */
type Exchange = Parameters<FaultPlan["next"]>[0] & { readonly nth: number };
type Spec = FaultSpec<WireFault>;

/** Runs whose requests are counted, for `@2` and `*3`; the oldest is forgotten first. */
const RUNS_MAX = 10_000;
/** How far a draw looks back for those before it. */
const LOOK_BACK_MAX = 1_000;

interface DrawnClass {
  readonly weight: number;
  readonly specs: readonly Spec[];
}

interface Prepared {
  readonly seed: number;
  readonly rate: number;
  readonly classes: readonly DrawnClass[];
  /** Named with a share. */
  readonly shares: readonly Spec[];
  /** Named for certain requests. */
  readonly fixed: readonly Spec[];
  readonly inARowMax: number;
}

/** Throws `input_invalid` for a rate, a weight or a name that makes no sense. */
export function faultPlan(options: FaultPlanOptions): FaultPlan {
  const prepared = prepare(options);
  const requests = keyCount(RUNS_MAX);
  return {
    next: (given) => {
      const exchange = { ...given, nth: requests.next(given.runKey) };
      return [...fixedFaults(prepared, exchange), ...drawnFaults(prepared, exchange)];
    },
  };
}

function prepare(options: FaultPlanOptions): Prepared {
  const { profile, weights, seed = 1, inARowMax = 3 } = options;
  const mixture = findProfile(profile ?? "field");
  const isDrawn = profile !== undefined || options.rate !== undefined || weights !== undefined;
  const rate = isDrawn ? (options.rate ?? mixture.rate) : 0;
  checkDraw(rate, seed);
  if (!Number.isSafeInteger(inARowMax) || inARowMax < 1) {
    throw new BridleError("input_invalid", "inARowMax is a whole number of at least 1.");
  }
  const mayStrike = options.mayStrike ?? (() => true);
  const specs = (options.faults ?? []).map(parseFaultSpec);
  const classes = (weights === undefined ? mixture.classes : weightClasses(weights)).map(
    drawnClass,
  );
  const named =
    weights === undefined ? specs : [...specs, ...classes.flatMap((each) => each.specs)];
  const idle = named.find(({ fault }) => !mayStrike(fault));
  if (idle !== undefined) {
    throw new BridleError("input_invalid", `'${idle.fault.name}' cannot strike here.`, {
      hint: "It changes what a simulated model says; name one that spoils how an answer arrives.",
    });
  }
  return {
    seed,
    rate,
    classes: classes.map(({ weight, specs }) => ({
      weight,
      specs: specs.filter(({ fault }) => mayStrike(fault)),
    })),
    shares: specs.filter(({ when }) => when.rate !== undefined),
    fixed: specs.filter(({ when }) => when.rate === undefined),
    inARowMax,
  };
}

function weightClasses(weights: Readonly<Record<string, number>>): readonly FaultClass[] {
  return Object.entries(weights).map(([name, weight]) => {
    if (Number.isFinite(weight) && weight >= 0) return { weight, specs: [name] };
    throw new BridleError("input_invalid", `The weight of '${name}' is no number of 0 or more.`);
  });
}

function drawnClass({ weight, specs }: FaultClass): DrawnClass {
  const parsed = specs.map(parseFaultSpec);
  const timed = parsed.find(({ when }) => isTimed(when));
  if (timed === undefined) return { weight, specs: parsed };
  throw new BridleError("input_invalid", `A weight and a time for '${timed.fault.name}'.`, {
    hint: "Give either: a weight in `weights`, or a time in `faults`.",
  });
}

function fixedFaults(prepared: Prepared, exchange: Exchange): readonly PlannedFault[] {
  return prepared.fixed
    .filter(({ when }) => isDue(when, exchange.nth, 0))
    .map((spec) => plan(prepared, exchange, spec));
}

function drawnFaults(prepared: Prepared, exchange: Exchange): readonly PlannedFault[] {
  const drawn = drawAt(prepared, exchange, exchange.repeat);
  if (drawn.length === 0) return [];
  let before = 0;
  while (
    before < Math.min(exchange.repeat, LOOK_BACK_MAX) &&
    drawAt(prepared, exchange, exchange.repeat - 1 - before).length > 0
  ) {
    before += 1;
  }
  if (before % (prepared.inARowMax + 1) === prepared.inARowMax) return [];
  return drawn.flatMap((draw) => {
    const spec = draw === "mixture" ? drawFromMixture(prepared, exchange) : draw;
    return spec === undefined ? [] : [plan(prepared, exchange, spec)];
  });
}

/** What strikes at one repeat of the decision: the mixture, and each fault with a share. */
function drawAt(
  prepared: Prepared,
  exchange: Exchange,
  repeat: number,
): readonly (Spec | "mixture")[] {
  const at = { ...exchange, repeat };
  // One repeat is one request: a repeat further back was a request further back.
  const nth = exchange.nth - (exchange.repeat - repeat);
  const shares = prepared.shares.filter(({ fault, when }) =>
    isDue(when, nth, stream(prepared, at, `share ${fault.name}`)()),
  );
  const isMixed = prepared.rate > 0 && stream(prepared, at, "rate")() < prepared.rate;
  return isMixed ? ["mixture", ...shares] : shares;
}

/** Among what fits the request: first a class by its weight, then one of its members. */
function drawFromMixture(prepared: Prepared, exchange: Exchange): Spec | undefined {
  const random = stream(prepared, exchange, "choice");
  const classes = prepared.classes
    .map(({ weight, specs }) => ({
      weight,
      specs: specs.filter(({ fault }) => fits(fault, exchange)),
    }))
    .filter(({ weight, specs }) => weight > 0 && specs.length > 0);
  let rest = random() * classes.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = classes.find(({ weight }) => (rest -= weight) < 0) ?? classes.at(-1);
  return drawn === undefined ? undefined : pick(drawn.specs, random);
}

/** Whether the fault can show at all. Whether the answer has what it needs is not known yet. */
function fits(fault: WireFault, { dialect, request }: Exchange): boolean {
  if (fault.dialects?.includes(dialect) === false) return false;
  if (fault.only !== undefined && (fault.only === "stream") !== request.stream) return false;
  return fault.needs !== "call" || request.tools.length > 0;
}

function plan(prepared: Prepared, exchange: Exchange, spec: Spec): PlannedFault {
  const { fault, argument } = spec;
  return { fault, argument, random: stream(prepared, exchange, `fault ${fault.name}`) };
}

/** L1. One random stream for each use: drawing more in one never shifts another. */
function stream(prepared: Prepared, exchange: Exchange, use: string): Random {
  const { runKey, decision, repeat } = exchange;
  return seededRandom(seedFrom(`${use} ${prepared.seed} ${decision} ${repeat} ${runKey}`));
}
