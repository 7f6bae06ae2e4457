/**
 * The one way to a model: one attempt, with every limit on it, and what came of it as a value.
 *
 * W1 A provider's own retries are never used (`doGenerate` and `doStream` do not retry by
 *    themselves): whether there is another attempt is decided in one place (`retry.ts`).
 * W2 An answer is handed over whole or not at all: nothing acts on half a stream.
 * W3 Arguments that are not JSON do not fail the answer; they are kept as written.
 * W4 Every part that must travel back (reasoning signatures, provider metadata) is kept.
 * W5 An attempt ends at its limits or with the caller's signal, also when the model does not heed
 *    the signal it is handed. However it ends, nothing of its request is left open.
 */
import type { LanguageModelV4, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { ModelFault } from "../journal/model-fault.ts";
import { systemClock, type Clock } from "../std/clock.ts";
import { startDeadline, TIMER_MAX_MS, untilAborted } from "../std/deadline.ts";
import type { JsonObject } from "../std/json.ts";
import type { Stop } from "../std/stop.ts";
import { onArrival } from "./arrival.ts";
import { readAnswer, type RawAnswer } from "./answer.ts";
import { classifyFault, faultOfFinish } from "./fault/classify.ts";
import type { Delta, LanguageModel, ModelAnswer, ModelRequest } from "./model.ts";
import type { ModelRetry } from "./retry.ts";
import { salvageOf } from "./salvage.ts";
import { StreamCollector, StreamError, type Arrived } from "./stream.ts";
import { isSameModel } from "./same-model.ts";
import { Watchdog } from "./watchdog.ts";

export type Attempt =
  | {
      readonly kind: "answered";
      readonly answer: ModelAnswer;
      /** The answer is whole, and yet something is wrong with it: filtered, broken, another's. */
      readonly fault: ModelFault | null;
      readonly ms: number;
    }
  | Failed;

export interface Failed {
  readonly kind: "failed";
  readonly fault: ModelFault;
  /** What of a streamed answer had arrived. */
  readonly arrived: Arrived | null;
  readonly ms: number;
}

export interface AttemptOptions {
  readonly clock?: Clock;
  readonly limits?: Pick<ModelRetry, "timeoutMs" | "firstByteMs" | "idleMs" | "switchedModel">;
  /** When whoever asks has no use for an answer any more, ms since the epoch: a wish to stop. */
  readonly deadline?: number;
  /** Streams the answer and reports its pieces; absent: one response. */
  readonly onDelta?: (delta: Delta) => void;
}

/** How long one attempt may take when nothing else is said, ms: reasoning models think long. */
const TIMEOUT_MS = 600_000;
const FIRST_BYTE_MS = 180_000;
const IDLE_MS = 120_000;

/** Asks once. Never throws. */
export async function attemptModel(
  model: LanguageModel,
  request: ModelRequest,
  options: AttemptOptions = {},
): Promise<Attempt> {
  const { clock = systemClock, limits = {}, deadline: until } = options;
  const started = clock.now();
  const leftMs = until === undefined ? TIMER_MAX_MS : Math.max(1, until - started);
  const limitMs = Math.min(limits.timeoutMs ?? TIMEOUT_MS, TIMER_MAX_MS);
  const timeoutMs = Math.min(limitMs, leftMs);
  const deadline = startDeadline(timeoutMs, request.abortSignal);
  const collector = options.onDelta === undefined ? null : new StreamCollector();
  let hasBegun = false;
  let contentType: string | undefined;
  const failed = (fault: ModelFault): Failed => {
    const told = hasBegun ? { ...fault, hasBegun } : fault;
    const kept = hasBegun && collector !== null ? salvageOf(collector.arrived) : null;
    return { kind: "failed", fault: told, arrived: kept, ms: clock.now() - started };
  };
  try {
    const { stop } = deadline;
    if (stop.aborted) throw new Error("stopped before it was asked", { cause: stop.reason });
    const begin = (type: string | undefined): void => {
      hasBegun = true;
      contentType = type;
    };
    const asking = askOnce(model, request, {
      ...options,
      stop,
      collector,
      begin,
    });
    const raw = await untilAborted(asking, stop);
    const answer = readAnswer(raw, model);
    const isStreamed = options.onDelta !== undefined;
    const about = { answer, request, isStreamed, contentType };
    const fault = faultOfEnd(about) ?? switchedModel(model, answer, limits);
    return { kind: "answered", answer, fault, ms: clock.now() - started };
  } catch (thrown) {
    if (request.abortSignal.aborted) {
      return failed({ kind: "aborted", message: "the model call was cancelled" });
    }
    // Nothing is known against a model that was given less time than an attempt may take.
    if (leftMs < limitMs && isTimeUp(deadline.stop)) {
      return failed({ kind: "aborted", message: "the time of whoever asked was over" });
    }
    const cause = thrown instanceof StreamError ? thrown.cause : thrown;
    const isBegun = hasBegun && collector !== null;
    const arrived = isBegun
      ? { arrived: howFar(collector.arrived), contentType }
      : { arrived: undefined };
    // A client that holds a stream twice, as some do, lets go of its connection only for this.
    deadline.stop.abort(GIVEN_UP);
    const fault = classifyFault({ thrown: cause, now: clock.now(), ...arrived });
    return failed(fault.kind === "aborted" ? lost(fault, arrived.arrived) : fault);
  } finally {
    deadline.end();
  }
}

/** A client gave up by itself: nobody here wanted that, so the connection is what failed. */
function lost({ message }: ModelFault, after: ReturnType<typeof howFar> | undefined): ModelFault {
  if (after === undefined) return { kind: "unreachable", why: "reset", message };
  return { kind: "stream_broken", after, message };
}

/** The deadline itself, not one of the watchdog's limits, which have a phase. */
function isTimeUp({ reason }: Stop): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError" && !("phase" in reason);
}

const GIVEN_UP = new DOMException("the attempt has failed", "AbortError");

/** How most answers end, in the words of the providers. */
const USUAL_ENDS: ReadonlySet<string> = new Set([
  "STOP",
  "completed",
  "end_turn",
  "stop",
  "tool-calls",
  "tool_calls",
  "tool_use",
]);

/** A prompt below this many tokens fills no context window. */
const FULL_TOKENS_MIN = 4_000;

/** What is wrong with an answer that came to an end, by how it ended. */
function faultOfEnd(about: {
  readonly answer: ModelAnswer;
  readonly request: ModelRequest;
  readonly isStreamed: boolean;
  readonly contentType: string | undefined;
}): ModelFault | null {
  const { answer, request, isStreamed, contentType } = about;
  const { content, finish, rawFinish = finish, usage } = answer;
  if (USUAL_ENDS.has(finish) && USUAL_ENDS.has(rawFinish)) return null;
  const hasCalls = content.some(({ type }) => type === "tool-call");
  const { maxOutputTokens } = request.settings;
  const isLong = (usage.inputTokens ?? 0) >= FULL_TOKENS_MIN;
  return faultOfFinish(
    { unified: finish, raw: answer.rawFinish },
    {
      isStreamed,
      contentType,
      arrived: hasCalls ? "arguments" : content.length > 0 ? "text" : "nothing",
      ...(isLong && usage.outputTokens !== undefined ? { outputTokens: usage.outputTokens } : {}),
      ...(maxOutputTokens === undefined ? {} : { outputTokensMax: maxOutputTokens }),
    },
  );
}

function howFar({ chars, calls }: Arrived): "nothing" | "text" | "arguments" {
  if (calls > 0) return "arguments";
  return chars > 0 ? "text" : "nothing";
}

/** Another model answered, and that is not to be taken. */
function switchedModel(
  model: LanguageModel,
  answer: ModelAnswer,
  { switchedModel: rule }: NonNullable<AttemptOptions["limits"]>,
): ModelFault | null {
  if (rule !== "fault" || isSameModel(model.modelId, answer.model)) return null;
  const { model: answered } = answer;
  const asked = `${model.provider}/${model.modelId}`;
  return {
    kind: "model_switched",
    asked,
    answered,
    message: `${asked} was asked and ${answered} answered`,
  };
}

interface Asking extends Pick<AttemptOptions, "onDelta" | "limits"> {
  readonly stop: Stop;
  readonly collector: StreamCollector | null;
  /** The provider has accepted the request, and this is what it says it sends. */
  readonly begin: (contentType: string | undefined) => void;
}

async function askOnce(
  model: LanguageModel,
  request: ModelRequest,
  { onDelta, limits = {}, stop, collector, begin }: Asking,
): Promise<RawAnswer> {
  // V2, V3 and V4 take the same prompt for the parts a run holds (text, reasoning, calls, results)
  // and return the same content parts; what differs (usage, finish) is read defensively.
  const v4 = model as LanguageModelV4;
  if (onDelta === undefined || collector === null) {
    return v4.doGenerate(callOptions(request, stop, noted));
  }
  const { firstByteMs = FIRST_BYTE_MS, idleMs = IDLE_MS } = limits;
  const watchdog = new Watchdog({ firstByteMs, idleMs }, stop);
  try {
    const { stream, response } = await v4.doStream(
      callOptions(request, stop, () => watchdog.fed()),
    );
    begin(response?.headers?.["content-type"]);
    return await collector.collect(stream, { onDelta, stop, watchdog });
  } finally {
    watchdog.end();
  }
}

/** For who waits for a whole answer: there is no limit on the silence before it. */
const noted = (): void => undefined;

function callOptions(request: ModelRequest, stop: Stop, arrived: () => void): CallOptions {
  const { settings, tools } = request;
  const { stopSequences, providerOptions, ...plain } = settings;
  return {
    // Our messages are the readonly form of the provider's prompt; providers do not write to them.
    prompt: request.prompt as unknown as LanguageModelV4Prompt,
    // Made only for the provider that looks at it.
    get abortSignal() {
      onArrival(stop.signal, arrived);
      return stop.signal;
    },
    ...plain,
    ...(stopSequences === undefined ? {} : { stopSequences: [...stopSequences] }),
    ...(providerOptions === undefined
      ? {}
      : { providerOptions: providerOptionsOf(providerOptions) }),
    ...(tools.length === 0 ? {} : { tools: toolsOf(tools), toolChoice: { type: "auto" } }),
  };
}

type CallOptions = Parameters<LanguageModelV4["doGenerate"]>[0];

function providerOptionsOf(given: JsonObject): NonNullable<CallOptions["providerOptions"]> {
  // Provider options are JSON by definition; the provider's type only adds mutability.
  return given as NonNullable<CallOptions["providerOptions"]>;
}

const toolCache = new WeakMap<object, NonNullable<CallOptions["tools"]>>();

/** Tool definitions in the provider's form, made once per list. */
function toolsOf(tools: ModelRequest["tools"]): NonNullable<CallOptions["tools"]> {
  const known = toolCache.get(tools);
  if (known !== undefined) return known;
  const made = tools.map((tool) => ({
    type: "function" as const,
    name: tool.name,
    description: tool.description,
    // Checked by ajv when the tool was prepared; the provider's type is a JSON Schema too.
    inputSchema: tool.inputSchema as object,
    ...(tool.strict ? { strict: true } : {}),
  }));
  toolCache.set(tools, made);
  return made;
}
