/** One faulty server for all cases: each has its own faults, clock, rate gate and record. */
import {
  faultPlan,
  oracleModel,
  rateGate,
  startWireServer,
  type ChatModel,
  type ExchangeRecord,
  type FaultPlan,
  type RateGate,
  type WireServer,
} from "../../../src/chaos/door.ts";
import type { Clock } from "../../../src/std/clock.ts";
import { isDue, keyOf, specOf, type WireCase } from "./cases.ts";
import { LAST_WORDS, PAYMENT } from "./payer.ts";

export interface CaseWire {
  /** Requests that came, those that nobody waited for included. */
  readonly hits: () => number;
  /** Requests that were answered so far, in the order in which that was over. */
  readonly exchanges: readonly ExchangeRecord[];
  close(): void;
}

export interface MatrixWire {
  readonly server: WireServer;
  /** From now on the run with the case's key meets the case's fault. */
  open(given: WireCase, clock: Clock): CaseWire;
  close(): Promise<void>;
}

interface Line {
  readonly plan: FaultPlan;
  readonly gate: RateGate;
  readonly exchanges: ExchangeRecord[];
  hits: number;
}

export async function openMatrixWire(): Promise<MatrixWire> {
  const lines = new Map<string, Line>();
  const server = await startWireServer({
    models: (key) => {
      const line = lines.get(key);
      if (line === undefined) return undefined;
      line.hits += 1;
      return modelOf(key);
    },
    chunked: true,
    faults: { next: (exchange) => lines.get(exchange.runKey)?.plan.next(exchange) ?? [] },
    gate: {
      closedFor: (runKey) => lines.get(runKey)?.gate.closedFor(runKey),
      close: (runKey, planned, ms) => lines.get(runKey)?.gate.close(runKey, planned, ms),
    },
    onExchange: (exchange) => void lines.get(exchange.runKey)?.exchanges.push(exchange),
  });
  return {
    server,
    open: (given, clock) => {
      const runKey = keyOf(given);
      const exchanges: ExchangeRecord[] = [];
      const gate = rateGate(() => clock.now());
      const line: Line = { plan: planOf(given), gate, exchanges, hits: 0 };
      lines.set(runKey, line);
      return { exchanges, hits: () => line.hits, close: () => void lines.delete(runKey) };
    },
    close: () => server.close(),
  };
}

function planOf(given: WireCase): FaultPlan {
  const always = faultPlan({ faults: [specOf(given)] });
  return { next: (exchange) => (isDue(given, exchange) ? always.next(exchange) : []) };
}

/** A model that is told what is wrong with its call makes it again, as any sensible one does. */
function modelOf(key: string): ChatModel {
  return oracleModel({
    key,
    actions: [PAYMENT],
    finalText: LAST_WORDS,
    // OpenAI's own client wraps what a tool failed with.
    isRetryable: (text) => /^(\{"error":")?Error\b/.test(text),
    attemptsMax: 100,
  });
}
