/**
 * An HTTP server that speaks as OpenAI, Anthropic and Google do, with simulated models behind it,
 * so that any client, ours or another's, is driven over a real wire, and over a faulty one when it
 * is given faults. Nothing it says passes for a real model: responses carry `x-bridle-simulated`
 * and the model name `simulated/<name>`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { chatFailure, type NeutralFailure } from "./chat.ts";
import { deliver } from "./deliver.ts";
import { anthropic } from "./dialects/anthropic.ts";
import type { WireDialect } from "./dialects/dialect.ts";
import { gemini } from "./dialects/gemini.ts";
import { openaiChat } from "./dialects/openai-chat.ts";
import { openaiResponses } from "./dialects/openai-responses.ts";
import { openaiError } from "./dialects/openai-error.ts";
import { serveExchange, unknownRun, type Desk } from "./exchange-desk.ts";
import { openServer } from "./listen.ts";
import { rateGate } from "./rate-gate.ts";
import { repeatCount } from "./repeat-count.ts";
import { readAddress, runPrefix, type Address } from "./run-address.ts";
import { stepsOf } from "./stages.ts";
import type { WireServerOptions } from "./wire-options.ts";

/** What a client's base URL ends in; the client adds the rest of the path by itself. */
const BASE_PATHS = {
  /** OpenAI's own client, `@ai-sdk/openai`, `@ai-sdk/openai-compatible` and most others. */
  openai: "/v1",
  /** Anthropic's own client. */
  anthropic: "",
  "ai-sdk-anthropic": "/v1",
  /** `@ai-sdk/google`, and plain HTTP. */
  gemini: "/v1beta",
  /** Google's own client, `@google/genai`. */
  "google-genai": "",
} as const;

/** Clients by what they want for a base URL. */
export type WireClient = keyof typeof BASE_PATHS;

export interface WireServer {
  /** Without a path: `http://127.0.0.1:4010`. */
  readonly url: string;
  /** The base URL that a client of this run is given; without a client it ends in `/v1`. */
  urlFor(runKey: string, client?: WireClient): string;
  /** Requests for a completion so far, refused ones included. */
  requestCount(): number;
  /** Cuts what is still open and frees the port. What was cut is told before it resolves. */
  close(): Promise<void>;
}

/** The desk and the dialects that requests come to it in. */
interface Hall {
  readonly desk: Desk;
  readonly dialects: readonly WireDialect[];
}

/** Throws `port_in_use`, or `config_invalid` for any other address that cannot be listened on. */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const { gate = options.faults === undefined ? null : rateGate() } = options;
  const desk: Desk = {
    options,
    gate,
    faults: options.faults,
    repeats: repeatCount(),
    requestCount: 0,
    isClosing: false,
  };
  const hall: Hall = { desk, dialects: [openaiChat(), openaiResponses(), anthropic(), gemini()] };
  const server = await openServer(
    {
      serve: (incoming, response) => serve(hall, incoming, response),
      breakDown: sendBreakdown,
    },
    options,
  );
  const { url } = server;
  return {
    url,
    urlFor: (runKey, client = "openai") => `${url}${runPrefix(runKey)}${BASE_PATHS[client]}`,
    requestCount: () => desk.requestCount,
    close: () => {
      desk.isClosing = true;
      return server.close();
    },
  };
}

async function serve(
  hall: Hall,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const address = readAddress(incoming.url ?? "/");
  if (address === undefined) {
    await sendFailure(
      response,
      notFound("The run key is too long, or not valid percent-encoding."),
    );
    return;
  }
  const { method = "" } = incoming;
  const dialect =
    method === "POST" ? hall.dialects.find((it) => it.matches(address.path)) : undefined;
  if (dialect !== undefined) {
    await serveExchange(hall.desk, { incoming, response, address, dialect });
    return;
  }
  const wanted = `${method} ${address.path}`;
  if (wanted === "GET /v1/models") await sendModels(hall.desk, response, address);
  else if (wanted === "GET /healthz") await sendJson(response, { status: "ok", simulated: true });
  else await sendFailure(response, notFound(`There is no ${wanted}.`));
}

async function sendModels(desk: Desk, response: ServerResponse, address: Address): Promise<void> {
  const model = desk.options.models(address.runKey);
  if (model === undefined) {
    await sendFailure(response, unknownRun(address.runKey));
    return;
  }
  const row = { id: `simulated/${model.name}`, object: "model", created: 0, owned_by: "simulated" };
  await sendJson(response, { object: "list", data: [row] });
}

async function sendFailure(response: ServerResponse, failure: NeutralFailure): Promise<void> {
  const { status, headers = {}, error } = failure;
  const body = openaiError(status, error);
  await deliver(response, stepsOf({ kind: "body", status, headers, body }, false));
}

async function sendJson(response: ServerResponse, body: Json): Promise<void> {
  await deliver(response, stepsOf({ kind: "body", status: 200, headers: {}, body }, false));
}

function notFound(message: string): NeutralFailure {
  return chatFailure({ status: 404, code: "not_found", message });
}

/** For what nobody foresaw: a fault or a callback that throws. */
function sendBreakdown(response: ServerResponse, thrown: unknown): void {
  const message = `The simulation failed: ${errorMessage(thrown)}`;
  const failure = chatFailure({ status: 500, code: "simulation_failed", message });
  if (response.headersSent || response.destroyed) response.destroy();
  else sendFailure(response, failure).catch(() => response.destroy());
}
