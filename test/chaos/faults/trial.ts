/** Tries one fault on one dialect, in both kinds of answer, next to the same answer without it. */
import { onTestFinished } from "vitest";
import {
  faultPlan,
  findFault,
  startWireServer,
  type ChatModel,
  type ChatRequest,
  type Dialect,
  type ExchangeRecord,
  type WireFault,
  type WireServer,
} from "../../../src/chaos/door.ts";
import { exchange, type Received } from "./raw-exchange.ts";
import { readAnswer, type ReadAnswer } from "./read-answer.ts";

export const DIALECTS: readonly Dialect[] = [
  "openai-chat",
  "openai-responses",
  "anthropic",
  "gemini",
];

/** Long enough for every piece to be cut, with a character of several bytes in it. */
export const TEXT = "Good morning ☀ to you all, and a very long day to come after it.";
export const CALL_NAME = "find_order";
const CALL_ARGUMENTS = {
  order: "A-1001 ☀",
  cents: 500,
  isOpen: true,
  filter: { status: ["new", "paid"] },
};

export interface Trial {
  readonly fault: WireFault;
  /** With its argument, if it gets one. */
  readonly spec: string;
  readonly dialect: Dialect;
  readonly stream: boolean;
  readonly form: "text" | "call";
}

export interface Tried extends Trial {
  readonly seen: Received;
  /** The same request without the fault. */
  readonly plain: Received;
  readonly read: ReadAnswer;
  readonly plainRead: ReadAnswer;
  readonly record: ExchangeRecord;
}

/** Faults that would keep a test waiting get a short time. */
const SHORT: Readonly<Record<string, string>> = {
  latency: "latency:120",
  buffered_stream: "buffered_stream:120",
  slow_loris: "slow_loris:240",
  args_huge: "args_huge:5000",
  giant_event: "giant_event:200000",
};
/** How long the client stays with a connection that says nothing. */
const PATIENCE_MS = 150;

/** Every way in which a fault can show. */
export function trialsOf(name: string): readonly Trial[] {
  const fault = findFault(name);
  const spec = SHORT[name] ?? name;
  const streams = fault.only === undefined ? [false, true] : [fault.only === "stream"];
  const forms = fault.needs === undefined ? (["text", "call"] as const) : [fault.needs];
  return (fault.dialects ?? DIALECTS).flatMap((dialect) =>
    streams.flatMap((stream) =>
      forms.map((form): Trial => ({ fault, spec, dialect, stream, form })),
    ),
  );
}

export interface Bench {
  readonly server: WireServer;
  /** Sends the same request twice, without the fault and with it. */
  try(trial: Trial): Promise<Tried>;
}

const model: ChatModel = {
  name: "bench",
  answer: (request) => (asksForCall(request) ? callAnswer() : textAnswer()),
};

function asksForCall(request: ChatRequest): boolean {
  return request.messages.some(({ text }) => text.includes("call"));
}

function textAnswer(): ReturnType<ChatModel["answer"]> {
  return { kind: "answer", text: TEXT, finishReason: "stop" };
}

function callAnswer(): ReturnType<ChatModel["answer"]> {
  const argumentsText = JSON.stringify(CALL_ARGUMENTS);
  const toolCalls = [{ id: "call_of_the_bench_1", name: CALL_NAME, argumentsText }];
  return { kind: "answer", toolCalls, finishReason: "tool_calls" };
}

/**
 * A server on which each trial is a run of its own, because answers carry ids that follow from the
 * run: its first request meets nothing, its second the fault.
 */
export async function openBench(): Promise<Bench> {
  const records = new Map<string, (record: ExchangeRecord) => void>();
  const specs = new Map<string, readonly string[]>();
  const server = await startWireServer({
    models: () => model,
    faults: {
      next: (asked) => faultPlan({ faults: specs.get(asked.runKey) ?? [] }).next(asked),
    },
    onExchange: (record) => records.get(record.runKey)?.(record),
  });
  onTestFinished(() => server.close());
  let count = 0;
  return {
    server,
    try: async (trial) => {
      count += 1;
      const runKey = `trial ${count}`;
      const url = `${server.url}/r/${encodeURIComponent(runKey)}${pathOf(trial)}`;
      const body = requestOf(trial);
      const plain = await exchange({ url, body });
      specs.set(runKey, trial.spec.split("+"));
      const told = new Promise<ExchangeRecord>((resolve) => records.set(runKey, resolve));
      const patienceMs = isSilent(trial) ? PATIENCE_MS : 5_000;
      const seen = await exchange({ url, body, patienceMs });
      const read = readAnswer(trial, seen.text);
      const plainRead = readAnswer(trial, plain.text);
      return { ...trial, seen, plain, read, plainRead, record: await told };
    },
  };
}

function isSilent({ spec }: Trial): boolean {
  return spec.startsWith("hang_") || spec.startsWith("stall_");
}

function pathOf({ dialect, stream }: Trial): string {
  switch (dialect) {
    case "openai-chat":
      return "/v1/chat/completions";
    case "openai-responses":
      return "/v1/responses";
    case "anthropic":
      return "/v1/messages";
    case "gemini":
    default:
      return stream
        ? "/v1beta/models/any:streamGenerateContent?alt=sse"
        : "/v1beta/models/any:generateContent";
  }
}

const SCHEMA = { type: "object", properties: {} };

function requestOf({ dialect, stream, form }: Trial): object {
  const content = `Please answer with a ${form}.`;
  switch (dialect) {
    case "openai-chat": {
      const tools = [{ type: "function", function: { name: CALL_NAME, parameters: SCHEMA } }];
      const options = stream ? { stream_options: { include_usage: true } } : {};
      return { model: "any", messages: [{ role: "user", content }], tools, stream, ...options };
    }
    case "openai-responses": {
      const tools = [{ type: "function", name: CALL_NAME, parameters: SCHEMA, strict: false }];
      return { model: "any", input: [{ role: "user", content }], tools, stream };
    }
    case "anthropic": {
      const tools = [{ name: CALL_NAME, input_schema: SCHEMA }];
      const messages = [{ role: "user", content }];
      return { model: "any", max_tokens: 1_000, messages, tools, stream };
    }
    case "gemini":
    default: {
      const tools = [{ functionDeclarations: [{ name: CALL_NAME, parameters: SCHEMA }] }];
      return { contents: [{ role: "user", parts: [{ text: content }] }], tools };
    }
  }
}
