/** Serves one request for a completion, from its body to its last byte. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../std/error.ts";
import { hashJson, sha256 } from "../std/hash.ts";
import { isJsonObject, parseJson, type JsonObject } from "../std/json.ts";
import {
  chatFailure,
  type ChatFailure,
  type ChatReply,
  type ChatRequest,
  type NeutralFailure,
} from "./chat.ts";
import { deliver, type Delivery } from "./deliver.ts";
import type { WireDialect } from "./dialects/dialect.ts";
import type { PlannedFault, RateGate, Step } from "./exchange.ts";
import { errorBody, RATE_LIMITED } from "./faults/provider-error.ts";
import type { ChatModel } from "./model.ts";
import type { RepeatCount } from "./repeat-count.ts";
import { readBody, type RequestBody } from "./request-body.ts";
import type { Address } from "./run-address.ts";
import { actingFaults, planFailure, stageExchange, stepsOf, type Staged } from "./stages.ts";
import type { WireServerOptions } from "./wire-options.ts";

/** Anthropic's and Cloudflare's limit for one request; ours as well. */
const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

/** What the server keeps for all requests. */
export interface Desk {
  readonly options: WireServerOptions;
  readonly gate: RateGate | null;
  readonly repeats: RepeatCount;
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
  const delivery = await deliver(visit.response, [...pause, ...outcome.steps]);
  tell(desk, visit, { read, asked, outcome, delivery, atMs });
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
  const decision = request.messages.filter(({ role }) => role === "assistant").length;
  return { kind: "asked", request, body: json.value, model, decision };
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
  const shut = desk.gate?.closedFor(runKey);
  // Who comes too early is told so and counts for nothing: draws must not depend on timing.
  const repeat = shut === undefined ? repeats.ask(runKey, decision) : repeats.of(runKey, decision);
  const exchange = { dialect: dialect.name, request, decision, repeat };
  const planned =
    shut === undefined ? (options.faults?.next({ runKey, ...exchange }) ?? []) : [shut.planned];
  const staged = stageExchange({
    dialect,
    frame: { runKey, modelName: model.name, request, body },
    faults: actingFaults(planned, { ...exchange, leftMs: shut?.leftMs }),
    isFrameByFrame: options.chunked === true,
    ask: () => (shut === undefined ? askModel(desk, visit, asked) : tooEarly(dialect, shut.leftMs)),
  });
  if (shut !== undefined)
    return { ...staged, faults: [shut.planned], repeat, earlyByMs: shut.leftMs };
  closeGate(desk, runKey, staged);
  return { ...staged, repeat, earlyByMs: undefined };
}

/** For a client that comes by another dialect than the fault which keeps it out can speak. */
function tooEarly({ name }: WireDialect, leftMs: number): ChatFailure {
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

function closeGate(desk: Desk, runKey: string, staged: Staged): void {
  for (const acting of staged.faults) {
    const ms = acting.fault.blocksForMs?.(acting.context) ?? 0;
    if (ms > 0) desk.gate?.close(runKey, acting, ms);
  }
}

function refuse(dialect: WireDialect, failure: ChatFailure): Outcome {
  const steps = stepsOf(planFailure(dialect, failure), false);
  return { steps, faults: [], repeat: 0, earlyByMs: undefined };
}

interface Served {
  readonly read: RequestBody;
  readonly asked: Asked | ChatFailure;
  readonly outcome: Outcome;
  readonly delivery: Delivery;
  readonly atMs: number;
}

function tell(desk: Desk, visit: Visit, served: Served): void {
  const { read, asked, outcome, delivery, atMs } = served;
  const isRead = asked.kind === "asked";
  desk.options.onExchange?.({
    runKey: visit.address.runKey,
    dialect: visit.dialect.name,
    stream: isRead && asked.request.stream,
    decision: isRead ? asked.decision : undefined,
    repeat: outcome.repeat,
    faults: outcome.faults.map(({ fault, argument }) =>
      argument === undefined ? fault.name : `${fault.name}:${argument}`,
    ),
    status: delivery.status,
    requestHash: requestHash(read, isRead ? asked.body : undefined),
    openingHash: isRead ? openingHash(asked.request) : "",
    atMs,
    endedAtMs: Date.now(),
    clientLeft: delivery.clientLeft && !desk.isClosing,
    earlyByMs: outcome.earlyByMs,
  });
}

/** By its bytes when it has no canonical form: no JSON, or nested deeper than that goes. */
function requestHash(read: RequestBody, body: JsonObject | undefined): string {
  try {
    if (body !== undefined) return hashJson(body);
  } catch {
    // Said above.
  }
  return sha256(read.kind === "text" ? read.text : "");
}

function openingHash({ messages }: ChatRequest): string {
  const first = messages.findIndex(({ role }) => role === "assistant");
  return hashJson(first === -1 ? messages : messages.slice(0, first));
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
