import type { ChatReply, ChatRequest } from "./chat.ts";
import type { Dialect, ExchangeRecord, FaultPlan, RateGate } from "./exchange.ts";
import type { ChatModel } from "./model.ts";

export interface ServedRequest {
  readonly runKey: string;
  readonly dialect: Dialect;
  readonly modelName: string;
  readonly request: ChatRequest;
  /** What the model said, before any fault acted on it. */
  readonly reply: ChatReply;
}

export interface WireServerOptions {
  /** The model of a run, or undefined for an unknown run. "" is the address without a run. */
  readonly models: (runKey: string) => ChatModel | undefined;
  /** 127.0.0.1 when left out: a simulated model has no business on a network. */
  readonly host?: string;
  /** Left out or 0: any free port. */
  readonly port?: number;
  /** Wait before each answer, milliseconds. */
  readonly latencyMs?: number;
  /** False accepts histories that the providers refuse. */
  readonly checksHistory?: boolean;
  /** True: the server and its connections do not keep the process alive. */
  readonly isBackground?: boolean;
  /** True: each event of a stream is written on its own, as providers do; else all at once. */
  readonly chunked?: boolean;
  /** Which faults each request meets. Left out: none. */
  readonly faults?: FaultPlan;
  /** Enforces the times that faults name (`blocksForMs`). Left out: nobody does. */
  readonly gate?: RateGate;
  /** Called with each request that reached a model, before its reply is sent. */
  readonly onRequest?: (served: ServedRequest) => void;
  /** Called with what became of each request, after its connection was done with it. */
  readonly onExchange?: (exchange: ExchangeRecord) => void;
}
