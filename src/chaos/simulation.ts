/**
 * What a simulated model decides, before it is put in words.
 *
 * S1 The decision follows from (key, seed, decision index) and the conversation, not from timing
 *    or from how often the client asks: common random numbers across harnesses.
 * S2 Whether decision n draws an error depends on (key, seed, n) alone.
 * S3 After `errorsInARowMax` erring decisions the next is right. So a client that keeps the
 *    conversation, and goes on after a text that claims too much, finishes in a bounded number of
 *    turns at any error rate.
 */
import { unreachable } from "../std/assert.ts";
import { BridleError } from "../std/error.ts";
import { pick, seededRandom, seedFrom, type Random } from "../std/random.ts";
import {
  prepareScript,
  type Action,
  type ActionScript,
  type PreparedScript,
} from "./action-script.ts";
import {
  DEFAULT_FAULT_MIX,
  drawFaultKind,
  type DecisionKind,
  type FaultKind,
  type FaultMix,
} from "./decision-fault.ts";
import { hasWrongArguments } from "./faulty-arguments.ts";
import { isDone, type Progress } from "./progress.ts";

export interface SimulatedScript extends ActionScript {
  readonly seed: number;
  /** Probability in [0, 1] that a decision errs. */
  readonly errorRate: number;
  /** Weights that replace the defaults, kind by kind. A kind that fits nothing is not drawn. */
  readonly mix?: Partial<FaultMix>;
  /** Names of the tools that write: the only calls that `repeated_write` repeats. */
  readonly writeTools?: readonly string[];
  /** Writes that nobody asked for; without any, `extra_write` is not drawn. */
  readonly extras?: readonly Action[];
  /** See S3. 8 when left out. */
  readonly errorsInARowMax?: number;
}

export interface SimulatedDecision {
  /** Counted from 0. */
  readonly decision: number;
  readonly kind: DecisionKind;
  /** The action concerned, or the extra of an `extra_write`; undefined for the final text. */
  readonly index: number | undefined;
}

export interface Simulation {
  readonly script: PreparedScript;
  readonly extras: readonly Action[];
  readonly writeTools: ReadonlySet<string>;
  readonly mix: FaultMix;
  readonly seed: number;
  readonly errorRate: number;
  readonly errorsInARowMax: number;
}

/** Fills in the defaults. Throws `input_invalid` for a script, a rate or a mix without sense. */
export function prepareSimulation(script: SimulatedScript): Simulation {
  const mix = { ...DEFAULT_FAULT_MIX, ...script.mix };
  const errorsInARowMax = script.errorsInARowMax ?? 8;
  if (!(script.errorRate >= 0 && script.errorRate <= 1)) {
    throw new BridleError("input_invalid", "errorRate must be between 0 and 1.");
  }
  if (!Object.values(mix).every((weight) => Number.isFinite(weight) && weight >= 0)) {
    throw new BridleError("input_invalid", "A weight of the mix must be a number, 0 or more.");
  }
  if (!Number.isInteger(errorsInARowMax) || errorsInARowMax < 1) {
    throw new BridleError("input_invalid", "errorsInARowMax must be a whole number, 1 or more.");
  }
  return {
    script: prepareScript(script),
    extras: prepareScript({ actions: script.extras ?? [], finalText: "" }).actions,
    writeTools: new Set(script.writeTools),
    mix,
    seed: script.seed,
    errorRate: script.errorRate,
    errorsInARowMax,
  };
}

/** The decision that is due at this point of a conversation. */
export function decideTurn(simulation: Simulation, progress: Progress): SimulatedDecision {
  const { decision, first } = progress;
  const isFinished = first >= simulation.script.actions.length;
  const index = isFinished ? undefined : first;
  if (!isErring(simulation, decision)) return { decision, kind: "right", index };
  const random = simulationStream(simulation, `choice ${decision}`);
  // When all is done only a write can still be wrong. The weight of the other kinds falls on the
  // right answer then, so that a run's last turn is no likelier to write than any before it.
  const fits = (kind: FaultKind): boolean => faultFits(simulation, progress, kind);
  const kind = drawFaultKind(simulation.mix, (kind) => isFinished || fits(kind), random);
  if (kind === undefined || !fits(kind)) return { decision, kind: "right", index };
  if (kind === "repeated_write") {
    return { decision, kind, index: pick(answeredWrites(simulation, progress), random) };
  }
  if (kind === "extra_write") {
    return { decision, kind, index: pick([...simulation.extras.keys()], random) };
  }
  return { decision, kind, index };
}

/** One random stream for each use: drawing more in one never shifts another. */
export function simulationStream(simulation: Simulation, use: string): Random {
  return seededRandom(seedFrom(`${use} ${simulation.seed} ${simulation.script.key}`));
}

/** S2 and S3. Looks back over the errors drawn in a row, and no further. */
function isErring(simulation: Simulation, decision: number): boolean {
  if (!drawsError(simulation, decision)) return false;
  let before = 0;
  while (before < decision && drawsError(simulation, decision - 1 - before)) before += 1;
  const { errorsInARowMax } = simulation;
  return before % (errorsInARowMax + 1) !== errorsInARowMax;
}

function drawsError(simulation: Simulation, decision: number): boolean {
  if (simulation.errorRate === 0) return false;
  return simulationStream(simulation, `error ${decision}`)() < simulation.errorRate;
}

function faultFits(simulation: Simulation, progress: Progress, kind: FaultKind): boolean {
  const action = simulation.script.actions[progress.first];
  switch (kind) {
    case "malformed_arguments":
    case "invalid_arguments":
      return action !== undefined && Object.keys(action.arguments).length > 0;
    case "wrong_value":
      return action !== undefined && hasWrongArguments(action);
    case "unknown_tool":
    case "early_done":
    case "prose":
      return action !== undefined;
    case "repeated_write":
      return answeredWrites(simulation, progress).length > 0;
    case "extra_write":
      return simulation.extras.length > 0;
    default:
      return unreachable(kind, "faultFits");
  }
}

function answeredWrites(simulation: Simulation, progress: Progress): readonly number[] {
  const writes: number[] = [];
  for (const [index, action] of simulation.script.actions.entries()) {
    if (simulation.writeTools.has(action.name) && isDone(progress, index)) writes.push(index);
  }
  return writes;
}
