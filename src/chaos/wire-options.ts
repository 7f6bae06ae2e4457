import type { ChatReply, ChatRequest } from "./chat.ts";
import type { Dialect, ExchangeRecord, FaultPlan, RateGate } from "./exchange.ts";
import type { ListenPlace } from "./listen.ts";
import type { ChatModel } from "./model.ts";

export interface ServedRequest {
  readonly runKey: string;
  readonly dialect: Dialect;
  readonly modelName: string;
  readonly request: ChatRequest;
  /** What the model said, before any fault acted on it. */
  readonly reply: ChatReply;
}

export interface WireServerOptions extends ListenPlace {
  /** The model of a run, or undefined for an unknown run. "" is the address without a run. */
  readonly models: (runKey: string) => ChatModel | undefined;
  /** Wait before each answer, milliseconds. */
  readonly latencyMs?: number;
  /** False accepts histories that the providers refuse. */
  readonly checksHistory?: boolean;
  /** True: each event of a stream is written on its own, as providers do; else all at once. */
  readonly chunked?: boolean;
  /** Which faults each request meets. Left out: none. */
  readonly faults?: FaultPlan;
  /**
   * Enforces the times that faults name (`blocksForMs`). Left out: a `rateGate` of the server's
   * own, because a provider that says retry-after means it. Null: nobody does.
   */
  readonly gate?: RateGate | null;
  /** Called with each request that reached a model, before its reply is sent. */
  readonly onRequest?: (served: ServedRequest) => void;
  /** Called with what became of each request, after its connection was done with it. */
  readonly onExchange?: (exchange: ExchangeRecord) => void;
}
