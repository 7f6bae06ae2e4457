/**
 * An OpenAI-compatible HTTP server with simulated models behind it, so that any client, ours or
 * another's, is driven over a real wire. Nothing it says passes for a real model: responses carry
 * `x-bridle-simulated` and the model name `simulated/<name>`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { systemClock } from "../std/clock.ts";
import { errorMessage } from "../std/error.ts";
import { chatFailure, type ChatFailure, type ChatReply, type ChatRequest } from "./chat.ts";
import { checkHistory } from "./chat-history.ts";
import { parseChatRequest } from "./chat-request.ts";
import { completionBody, completionEvents, type AnswerFrame } from "./chat-response.ts";
import { listen, stopListening } from "./listen.ts";
import type { ChatModel } from "./model.ts";
import { readBody } from "./request-body.ts";
import { readAddress, runPrefix, type Address } from "./run-address.ts";

/** Anthropic's and Cloudflare's limit for one request; ours as well. */
const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

export interface ServedRequest {
  readonly runKey: string;
  readonly modelName: string;
  readonly request: ChatRequest;
  readonly reply: ChatReply;
}

export interface WireServerOptions {
  /** The model of a run, or undefined for an unknown run. "" is the plain `/v1` address. */
  readonly models: (runKey: string) => ChatModel | undefined;
  /** 127.0.0.1 when left out: a simulated model has no business on a network. */
  readonly host?: string;
  /** Left out or 0: any free port. */
  readonly port?: number;
  /** Wait before each answer, milliseconds. */
  readonly latencyMs?: number;
  /** False accepts histories that OpenAI refuses (see `checkHistory`). */
  readonly checksHistory?: boolean;
  /** True: the server and its connections do not keep the process alive. */
  readonly isBackground?: boolean;
  /** Called with each request that reached a model, before its reply is sent. */
  readonly onRequest?: (served: ServedRequest) => void;
}

export interface WireServer {
  /** Without a path: `http://127.0.0.1:4010`. */
  readonly url: string;
  /** The base URL that a client of this run is given; it ends in `/v1`. */
  urlFor(runKey: string): string;
  /** Requests for a completion so far, refused ones included. */
  requestCount(): number;
  /** Cuts what is still open and frees the port. */
  close(): Promise<void>;
}

interface Desk {
  readonly options: WireServerOptions;
  requestCount: number;
}

/** Throws `port_in_use`, or `config_invalid` for any other address that cannot be listened on. */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const desk: Desk = { options, requestCount: 0 };
  const server = createServer((incoming, response) => {
    serve(desk, incoming, response).catch((thrown: unknown) => {
      sendFailure(response, internalFailure(thrown));
    });
  });
  // A pooled connection should outlive the pauses of a test, or the client races its closing.
  server.keepAliveTimeout = 60_000;
  if (options.isBackground === true) server.on("connection", (socket) => socket.unref());
  const url = await listen(server, options);
  if (options.isBackground === true) server.unref();
  return {
    url,
    urlFor: (runKey) => `${url}${runPrefix(runKey)}/v1`,
    requestCount: () => desk.requestCount,
    close: () => stopListening(server),
  };
}

async function serve(
  desk: Desk,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const address = readAddress(incoming.url ?? "/");
  if (address === undefined) {
    sendFailure(response, notFound("The run key is not valid percent-encoding."));
    return;
  }
  const wanted = `${incoming.method ?? ""} ${address.path}`;
  if (wanted === "POST /v1/chat/completions")
    await serveChat(desk, { incoming, response, address });
  else if (wanted === "GET /v1/models") serveModels(desk, response, address);
  else if (wanted === "GET /healthz") sendJson(response, 200, { status: "ok", simulated: true });
  else sendFailure(response, notFound(`There is no ${wanted}.`));
}

interface ChatExchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: Address;
}

async function serveChat(desk: Desk, exchange: ChatExchange): Promise<void> {
  const { incoming, response, address } = exchange;
  desk.requestCount += 1;
  const body = await readBody(incoming, BODY_BYTES_MAX);
  if (body.kind === "broken_off") {
    response.destroy();
    return;
  }
  const model = desk.options.models(address.runKey);
  if (model === undefined) {
    sendFailure(response, notFound(`There is no model for the run key '${address.runKey}'.`));
    return;
  }
  response.setHeader("x-bridle-simulated", encodeURIComponent(model.name));
  const parsed = body.kind === "too_large" ? tooLarge() : parseChatRequest(body.text);
  if (parsed.kind === "failure") {
    sendFailure(response, parsed);
    return;
  }
  const { request } = parsed;
  const broken = desk.options.checksHistory === false ? undefined : checkHistory(request.messages);
  const reply = broken ?? model.answer(request);
  desk.options.onRequest?.({ runKey: address.runKey, modelName: model.name, request, reply });
  if (!(await waitLatency(desk, response))) return;
  const frame = { runKey: address.runKey, modelName: model.name, request };
  if (reply.kind === "failure") sendFailure(response, reply);
  else sendAnswer(response, reply, frame);
}

/** False when the connection closed meanwhile, from either side. */
async function waitLatency(desk: Desk, response: ServerResponse): Promise<boolean> {
  const latencyMs = desk.options.latencyMs ?? 0;
  if (latencyMs <= 0) return true;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.once("close", leave);
  const isThere = await systemClock.sleep(latencyMs, gone.signal).then(
    () => true,
    () => false,
  );
  response.removeListener("close", leave);
  return isThere;
}

function serveModels(desk: Desk, response: ServerResponse, address: Address): void {
  const model = desk.options.models(address.runKey);
  if (model === undefined) {
    sendFailure(response, notFound(`There is no model for the run key '${address.runKey}'.`));
    return;
  }
  const row = { id: `simulated/${model.name}`, object: "model", created: 0, owned_by: "simulated" };
  sendJson(response, 200, { object: "list", data: [row] });
}

function sendAnswer(
  response: ServerResponse,
  reply: Extract<ChatReply, { kind: "answer" }>,
  frame: AnswerFrame,
): void {
  if (!frame.request.stream) {
    sendJson(response, 200, completionBody(reply, frame));
    return;
  }
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  // One write for all events: an event per packet would cost more than the answer.
  response.end(completionEvents(reply, frame).join(""));
}

function sendFailure(response: ServerResponse, failure: ChatFailure): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isText = typeof failure.body === "string";
  const body = typeof failure.body === "string" ? failure.body : JSON.stringify(failure.body);
  response.writeHead(failure.status, {
    "content-type": isText ? "text/plain; charset=utf-8" : "application/json",
    "content-length": Buffer.byteLength(body),
    ...failure.headers,
  });
  response.end(body);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function notFound(message: string): ChatFailure {
  return chatFailure({ status: 404, code: "not_found", message });
}

function tooLarge(): ChatFailure {
  const megabytes = BODY_BYTES_MAX / 1024 / 1024;
  const message = `The body is larger than ${megabytes} MiB.`;
  return chatFailure({ status: 413, code: "request_too_large", message });
}

function internalFailure(thrown: unknown): ChatFailure {
  const message = `The simulated model failed: ${errorMessage(thrown)}`;
  return chatFailure({ status: 500, code: "simulation_failed", message });
}
