import type { ChatRequest } from "./chat.ts";
import type { Dialect, FaultPlan, RateGate } from "./exchange.ts";
import type { RepeatCount } from "./repeat-count.ts";
import { actingFaults, type ActingFault } from "./stages.ts";

/** What decides over a request before anybody answers it. */
export interface Doorkeeper {
  readonly gate: RateGate | null;
  readonly repeats: RepeatCount;
  readonly faults: FaultPlan | undefined;
}

export interface Entering {
  readonly runKey: string;
  readonly dialect: Dialect;
  readonly request: ChatRequest;
  /** Its assistant messages. */
  readonly decision: number;
}

export interface Admission {
  /** How often this decision was asked for before. */
  readonly repeat: number;
  readonly faults: readonly ActingFault[];
  /** Set when the request came before the time that a fault named. */
  readonly shut: ReturnType<RateGate["closedFor"]>;
}

/** Who comes too early is told so and counts for nothing: draws must not depend on timing. */
export function admit(keeper: Doorkeeper, entering: Entering): Admission {
  const { runKey, dialect, request, decision } = entering;
  const { gate, repeats, faults } = keeper;
  const shut = gate?.closedFor(runKey);
  const repeat = shut === undefined ? repeats.ask(runKey, decision) : repeats.of(runKey, decision);
  const exchange = { dialect, request, decision, repeat };
  const planned =
    shut === undefined ? (faults?.next({ runKey, ...exchange }) ?? []) : [shut.planned];
  return { repeat, shut, faults: actingFaults(planned, { ...exchange, leftMs: shut?.leftMs }) };
}

/** Lets nobody of the run in before the times that these faults have named. */
export function closeGate(
  { gate }: Doorkeeper,
  runKey: string,
  shown: readonly ActingFault[],
): void {
  for (const acting of shown) {
    const ms = acting.fault.blocksForMs?.(acting.context) ?? 0;
    if (ms > 0) gate?.close(runKey, acting, ms);
  }
}

/** The number of the decision that is asked for. */
export function decisionOf({ messages }: ChatRequest): number {
  return messages.filter(({ role }) => role === "assistant").length;
}
