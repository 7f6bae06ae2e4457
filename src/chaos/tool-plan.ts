/**
 * Which faults a request to a tool meets.
 *
 * N1 A draw depends on the seed, the fault, and which request this is: the n-th under its
 *    idempotency key, or without one the n-th of its method and target. Never on time, nor on
 *    what other requests do meanwhile.
 */
import { BridleError } from "../std/error.ts";
import { sha256 } from "../std/hash.ts";
import { pick, seededRandom, seedFrom, type Random } from "../std/random.ts";
import { checkDraw } from "./draw.ts";
import { isDue, isTimed, readFaultSpec, type FaultBook, type FaultSpec } from "./fault-spec.ts";
import { keyCount } from "./key-count.ts";
import { toolFaults, type ToolFault } from "./tool-fault.ts";
import type { ToolRequest } from "./tool-answer.ts";

/** A request and which of its kind it is, counted from 1 (N1). */
export interface ToolOccasion {
  readonly method: string;
  readonly target: string;
  readonly key: string | undefined;
  readonly nth: number;
}

export interface ToolPlanOptions {
  /**
   * Each as `name`, `name:argument`, `name@2`, `name*3`, `name%10`: of the requests under one
   * idempotency key, or without one of one method and target, the second, the first three, ten in
   * a hundred. All due faults strike together, but one that replaces the service stands alone.
   */
  readonly faults?: readonly string[];
  /**
   * Share of requests, 0 to 1, that meet one of the faults which do not say themselves when. With
   * a rate and no such fault: one of all. Left out: such a fault strikes always.
   */
  readonly rate?: number;
  /** 1 when left out. */
  readonly seed?: number;
  /** In place of `faults` and `rate`: names the faults of each request, as specs without a when. */
  readonly plan?: (occasion: ToolOccasion) => readonly string[];
}

export interface DueFault {
  readonly fault: ToolFault;
  readonly argument: string | undefined;
  readonly random: Random;
}

export interface ToolPlan {
  readonly seed: number;
  /** Counts the request as one more of its kind. */
  next(request: ToolRequest): readonly DueFault[];
}

type Entry = FaultSpec<ToolFault>;

/** Kinds of requests that are counted; the one that has waited longest for another is forgotten. */
const IDENTITIES_MAX = 100_000;
const IDENTITY_CHARACTERS_MAX = 500;

/** Throws `input_invalid` for a fault, an argument, a rate or a seed that makes no sense. */
export function toolPlan(options: ToolPlanOptions): ToolPlan {
  const { rate, seed = 1, plan } = options;
  checkDraw(rate ?? 0, seed);
  if (plan !== undefined && (rate !== undefined || options.faults !== undefined)) {
    throw new BridleError("input_invalid", "A plan stands in place of faults and a rate.", {
      hint: "Give one or the other.",
    });
  }
  const named = (options.faults ?? []).map(readEntry);
  const isAll = rate !== undefined && named.every(({ when }) => isTimed(when));
  const entries = isAll ? [...named, ...toolFaults.map(({ name }) => readEntry(name))] : named;
  const requests = keyCount(IDENTITIES_MAX);
  return {
    seed,
    next: (request) => {
      const identity = identityOf(request);
      const nth = requests.next(identity);
      const randomOf = (name: string): Random =>
        seededRandom(seedFrom(`${seed} ${name} ${nth} ${identity}`));
      const { method, target, key } = request;
      const mayStrike = ({ fault }: Entry): boolean => fault.readsOnly !== true || method === "GET";
      const chosen =
        plan === undefined
          ? choose(entries.filter(mayStrike), { nth, rate, randomOf })
          : plan({ method, target, key, nth }).map(readEntry).filter(mayStrike);
      return chosen.map(({ fault, argument }) => ({
        fault,
        argument,
        random: randomOf(`${fault.name} detail`),
      }));
    },
  };
}

interface Draw {
  readonly nth: number;
  readonly rate: number | undefined;
  readonly randomOf: (name: string) => Random;
}

function choose(entries: readonly Entry[], draw: Draw): readonly Entry[] {
  const { nth, rate, randomOf } = draw;
  const isOwn = ({ when }: Entry): boolean => rate === undefined || isTimed(when);
  const own = entries.filter(
    (entry) => isOwn(entry) && isDue(entry.when, nth, randomOf(entry.fault.name)()),
  );
  if (rate === undefined) return own;
  const random = randomOf("any");
  const any =
    random() < rate
      ? pick(
          entries.filter((entry) => !isOwn(entry)),
          random,
        )
      : undefined;
  return any === undefined ? own : [...own, any];
}

const book: FaultBook<ToolFault> = { faults: toolFaults, argumentOf: ({ argument }) => argument };

function readEntry(text: string): Entry {
  return readFaultSpec(text, book);
}

/** A long one by its hash: what is counted must not depend in size on what clients write. */
function identityOf({ method, target, key }: ToolRequest): string {
  const identity = key === undefined ? `${method} ${target}` : `key ${key}`;
  return identity.length <= IDENTITY_CHARACTERS_MAX ? identity : sha256(identity);
}
