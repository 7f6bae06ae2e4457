/**
 * The one way to a model.
 *
 * W1 A provider's own retries are never used: the loop above owns the one retry budget
 *    (`doGenerate` and `doStream` do not retry by themselves).
 * W2 An answer is handed over whole or not at all: nothing acts on half a stream.
 * W3 Arguments that are not JSON do not fail the answer; they are kept as written.
 * W4 Every part that must travel back (reasoning signatures, provider metadata) is kept.
 * W5 An attempt ends at its time limit or with the caller's signal, also when the model does not
 *    heed the signal it is handed.
 */
import type { LanguageModelV4, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { startDeadline, untilAborted } from "../std/deadline.ts";
import { systemRandom, type Random } from "../std/random.ts";
import { systemClock, type Clock } from "../std/clock.ts";
import type { JsonObject } from "../std/json.ts";
import { Stop } from "../std/stop.ts";
import { readAnswer, type RawAnswer } from "./answer.ts";
import { classifyFault, type Fault } from "./fault.ts";
import type { Delta, LanguageModel, ModelAnswer, ModelRequest } from "./model.ts";
import { defaultModelRetry, retryDelayMs, type ModelRetry } from "./retry.ts";
import { collectStream } from "./stream.ts";

export type Generated =
  | {
      readonly kind: "answered";
      readonly answer: ModelAnswer;
      readonly attempts: number;
      readonly ms: number;
    }
  | { readonly kind: "failed"; readonly fault: Fault; readonly attempts: number };

export interface GatewayOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly retry?: ModelRetry;
  /** Streams the answer and reports its pieces; absent: one response. */
  readonly onDelta?: (delta: Delta) => void;
  /** Asked before each further attempt with what ended the last one; false ends the asking. */
  readonly onRetry?: (fault: Fault) => Promise<boolean>;
}

/** How long one attempt may take when nothing else is said, ms: reasoning models think long. */
const TIMEOUT_MS = 600_000;

/** Asks until there is an answer, the fault is final, or the attempts are used up. Never throws. */
export async function generate(
  model: LanguageModel,
  request: ModelRequest,
  options: GatewayOptions = {},
): Promise<Generated> {
  const { clock = systemClock, random = systemRandom, retry = defaultModelRetry } = options;
  const started = clock.now();
  for (let attempts = 1; ; attempts++) {
    let hasBegun = false;
    const deadline = startDeadline(retry.timeoutMs ?? TIMEOUT_MS, request.abortSignal);
    try {
      const { stop } = deadline;
      if (stop.aborted) throw new Error("stopped before it was asked", { cause: stop.reason });
      const begin = (): void => void (hasBegun = true);
      const asking = askOnce(model, callOptions(request, stop), { ...options, begin });
      const answer = readAnswer(await untilAborted(asking, deadline.stop), model);
      return { kind: "answered", answer, attempts, ms: clock.now() - started };
    } catch (thrown) {
      const classified = classifyFault(thrown, request.abortSignal);
      const fault = hasBegun ? { ...classified, hasBegun } : classified;
      const delayMs = retryDelayMs(retry, { fault, attempts }, random);
      if (delayMs === null) return { kind: "failed", fault, attempts };
      if (options.onRetry !== undefined && !(await options.onRetry(fault))) {
        return { kind: "failed", fault, attempts };
      }
      await clock.sleep(delayMs, signalOf(request.abortSignal)).catch(() => undefined);
    } finally {
      deadline.end();
    }
  }
}

function signalOf(given: AbortSignal | Stop): AbortSignal {
  return given instanceof Stop ? given.signal : given;
}

function askOnce(
  model: LanguageModel,
  options: CallOptions,
  { onDelta, begin }: Pick<GatewayOptions, "onDelta"> & { readonly begin: () => void },
): PromiseLike<RawAnswer> {
  // V2, V3 and V4 take the same prompt for the parts a run holds (text, reasoning, calls, results)
  // and return the same content parts; what differs (usage, finish) is read defensively.
  const v4 = model as LanguageModelV4;
  if (onDelta === undefined) return v4.doGenerate(options);
  return v4.doStream(options).then(({ stream }) => {
    begin();
    return collectStream(stream, onDelta);
  });
}

function callOptions(request: ModelRequest, stop: Stop): CallOptions {
  const { settings, tools } = request;
  const { stopSequences, providerOptions, ...plain } = settings;
  return {
    // Our messages are the readonly form of the provider's prompt; providers do not write to them.
    prompt: request.prompt as unknown as LanguageModelV4Prompt,
    // Made only for the provider that looks at it.
    get abortSignal() {
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
