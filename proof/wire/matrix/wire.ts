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
import { systemClock, type Clock } from "../../../src/std/clock.ts";
import { isDue, keyOf, specOf, type WireCase } from "./cases.ts";
import { LAST_WORDS, PAYMENT } from "./payer.ts";

export interface CaseWire {
  /** Requests that came, those that nobody waited for included. */
  readonly hits: () => number;
  /** What became of them, once their connections are done with them, or a second later. */
  settled(): Promise<{
    readonly exchanges: readonly ExchangeRecord[];
    readonly unanswered: number;
  }>;
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
      return {
        hits: () => line.hits,
        settled: () => settle(line),
        close: () => void lines.delete(runKey),
      };
    },
    close: () => server.close(),
  };
}

const SETTLE_MS = 1_000;
const LOOK_MS = 5;

async function settle(line: Line): ReturnType<CaseWire["settled"]> {
  const until = performance.now() + SETTLE_MS;
  while (line.exchanges.length < line.hits && performance.now() < until) {
    await systemClock.sleep(LOOK_MS);
  }
  return { exchanges: line.exchanges, unanswered: line.hits - line.exchanges.length };
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
