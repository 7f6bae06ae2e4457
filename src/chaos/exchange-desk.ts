/** Serves one request for a completion, from its body to its last byte. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../std/error.ts";
import { isJsonObject, parseJson, type JsonObject } from "../std/json.ts";
import {
  chatFailure,
  type ChatFailure,
  type ChatReply,
  type ChatRequest,
  type NeutralFailure,
} from "./chat.ts";
import { admit, closeGate, decisionOf, type Doorkeeper } from "./admission.ts";
import { deliver } from "./deliver.ts";
import type { WireDialect } from "./dialects/dialect.ts";
import type { PlannedFault, Step } from "./exchange.ts";
import { recordOf } from "./exchange-record.ts";
import { errorBody, RATE_LIMITED } from "./faults/provider-error.ts";
import type { ChatModel } from "./model.ts";
import { readBody, type RequestBody } from "./request-body.ts";
import type { Address } from "./run-address.ts";
import { planFailure, stageExchange, stepsOf } from "./stages.ts";
import type { WireServerOptions } from "./wire-options.ts";

/** Anthropic's and Cloudflare's limit for one request; ours as well. */
export const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

/** What the server keeps for all requests. */
export interface Desk extends Doorkeeper {
  readonly options: WireServerOptions;
  requestCount: number;
  /** Whoever is cut off from now on has not left. */
  isClosing: boolean;
}

/** One request on its connection. */
export interface Visit {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: Address;
  readonly dialect: WireDialect;
}

/** A request that could be read, to a run that is known. */
interface Asked {
  readonly kind: "asked";
  readonly request: ChatRequest;
  readonly body: JsonObject;
  readonly model: ChatModel;
  readonly decision: number;
}

/** What is sent, and what is told of it. */
interface Outcome {
  readonly steps: readonly Step[];
  /** Those that showed. */
  readonly faults: readonly PlannedFault[];
  readonly repeat: number;
  readonly earlyByMs: number | undefined;
}

/** Answers one request and tells of it. Rejects when a fault or a callback throws. */
export async function serveExchange(desk: Desk, visit: Visit): Promise<void> {
  desk.requestCount += 1;
  const read = await readBody(visit.incoming, BODY_BYTES_MAX);
  if (read.kind === "broken_off") {
    visit.response.destroy();
    return;
  }
  const atMs = Date.now();
  const asked = readRequest(desk, visit, read);
  const outcome =
    asked.kind === "asked" ? decideOutcome(desk, visit, asked) : refuse(visit.dialect, asked);
  const latencyMs = asked.kind === "asked" ? (desk.options.latencyMs ?? 0) : 0;
  const pause: readonly Step[] = latencyMs > 0 ? [{ kind: "wait", ms: latencyMs }] : [];
  const { status, clientLeft } = await deliver(visit.response, [...pause, ...outcome.steps]);
  const { repeat, earlyByMs, faults } = outcome;
  desk.options.onExchange?.(
    recordOf({
      runKey: visit.address.runKey,
      dialect: visit.dialect.name,
      text: read.kind === "text" ? read.text : "",
      read: asked.kind === "asked" ? asked : undefined,
      repeat,
      earlyByMs,
      faults,
      atMs,
      delivery: { status, clientLeft: clientLeft && !desk.isClosing },
    }),
  );
}

function readRequest(desk: Desk, visit: Visit, read: RequestBody): Asked | ChatFailure {
  const { address, dialect, response } = visit;
  const model = desk.options.models(address.runKey);
  if (model === undefined) return unknownRun(address.runKey);
  response.setHeader("x-bridle-simulated", encodeURIComponent(model.name));
  if (read.kind !== "text") return tooLarge();
  const json = parseJson(read.text);
  if (!json.ok) return unreadable(`The body is not JSON: ${json.reason}`);
  if (!isJsonObject(json.value)) return unreadable("The body must be a JSON object.");
  const parsed = dialect.parse(json.value, address);
  if (parsed.kind === "failure") return parsed;
  const { request } = parsed;
  return { kind: "asked", request, body: json.value, model, decision: decisionOf(request) };
}

function decideOutcome(desk: Desk, visit: Visit, asked: Asked): Outcome {
  const { options, repeats } = desk;
  const { dialect, address } = visit;
  const { request, body, model, decision } = asked;
  const { runKey } = address;
  const broken = options.checksHistory === false ? undefined : dialect.checkHistory(body, request);
  if (broken !== undefined) {
    show(desk, visit, { asked, reply: broken });
    return { ...refuse(dialect, broken), repeat: repeats.of(runKey, decision) };
  }
  const admission = admit(desk, { runKey, dialect: dialect.name, request, decision });
  const { repeat, shut, faults } = admission;
  const staged = stageExchange({
    dialect,
    frame: { runKey, modelName: model.name, request, body },
    faults,
    isFrameByFrame: options.chunked === true,
    ask: () => (shut === undefined ? askModel(desk, visit, asked) : tooEarly(dialect, shut.leftMs)),
  });
  if (shut === undefined) {
    closeGate(desk, runKey, staged.faults);
    return { ...staged, repeat, earlyByMs: undefined };
  }
  return { ...staged, faults: [shut.planned], repeat, earlyByMs: shut.leftMs };
}

/** For a client that comes by another dialect than the fault which keeps it out can speak. */
export function tooEarly({ name }: WireDialect, leftMs: number): ChatFailure {
  const headers = { "retry-after": String(Math.ceil(leftMs / 1000)) };
  return { kind: "failure", status: 429, headers, body: errorBody(name, RATE_LIMITED) };
}

function askModel(desk: Desk, visit: Visit, asked: Asked): ChatReply {
  const reply = answerOf(asked);
  show(desk, visit, { asked, reply });
  return reply;
}

function show(desk: Desk, visit: Visit, shown: { asked: Asked; reply: ChatReply }): void {
  desk.options.onRequest?.({
    runKey: visit.address.runKey,
    dialect: visit.dialect.name,
    modelName: shown.asked.model.name,
    request: shown.asked.request,
    reply: shown.reply,
  });
}

function answerOf({ model, request }: Asked): ChatReply {
  try {
    return model.answer(request);
  } catch (thrown) {
    const message = `The simulated model failed: ${errorMessage(thrown)}`;
    return chatFailure({ status: 500, code: "simulation_failed", message });
  }
}

function refuse(dialect: WireDialect, failure: ChatFailure): Outcome {
  const steps = stepsOf(planFailure(dialect, failure), false);
  return { steps, faults: [], repeat: 0, earlyByMs: undefined };
}

export function unknownRun(runKey: string): NeutralFailure {
  const message = `There is no model for the run key '${runKey}'.`;
  return chatFailure({ status: 404, code: "not_found", message });
}

function unreadable(message: string): ChatFailure {
  return chatFailure({ status: 400, code: "invalid_request", message });
}

function tooLarge(): ChatFailure {
  const megabytes = BODY_BYTES_MAX / 1024 / 1024;
  const message = `The body is larger than ${megabytes} MiB.`;
  return chatFailure({ status: 413, code: "request_too_large", message });
}
