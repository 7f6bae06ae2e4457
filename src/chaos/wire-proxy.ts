/**
 * A proxy before a real provider that speaks OpenAI's chat API. It spoils how answers arrive, never
 * what a model says.
 *
 * U1 What no fault strikes passes as it came, both ways; streams pass as they come.
 * U2 A struck answer is read whole before it is spoilt: then a stream comes late and all at once.
 * U3 The client's own headers go to the provider and nowhere else. Of bodies only hashes are told.
 * U4 A fault that changes what a model says cannot strike: its answer is not the proxy's to write.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorMessage } from "../std/error.ts";
import { isJsonObject, parseJson, type JsonObject } from "../std/json.ts";
import { admit, closeGate, decisionOf, type Admission, type Doorkeeper } from "./admission.ts";
import { contentOf, readChatFrames } from "./chat-frames.ts";
import type { ChatRequest } from "./chat.ts";
import { deliver, type Delivery, type SocketStep } from "./deliver.ts";
import { openaiChat } from "./dialects/openai-chat.ts";
import { BODY_BYTES_MAX, tooEarly } from "./exchange-desk.ts";
import { recordOf } from "./exchange-record.ts";
import type { ExchangeRecord, FaultPlan, Frame, PlannedFault, WireFault } from "./exchange.ts";
import { unmark } from "./faults/damaged-call.ts";
import { openServer, type ListenPlace } from "./listen.ts";
import { rateGate } from "./rate-gate.ts";
import { repeatCount } from "./repeat-count.ts";
import { readBytes } from "./request-body.ts";
import { readAddress, runPrefix, type Address } from "./run-address.ts";
import { stageExchange } from "./stages.ts";
import { jsonAnswer, stepsOf, type ToolAnswer, type ToolRequest } from "./tool-answer.ts";
import { forward, handOn, readUpstream, shownUrl, type Upstream } from "./tool-forward.ts";

export interface WireProxyOptions extends ListenPlace {
  /** The provider without the API's version: https://api.openai.com */
  readonly upstream: string;
  /** Made with `mayStrike: strikesRealAnswers`, or what cannot strike is drawn in vain. */
  readonly faults: FaultPlan;
  readonly onExchange?: (exchange: ExchangeRecord) => void;
}

export interface WireProxy {
  readonly url: string;
  /** The provider's address as it may be shown. */
  readonly upstream: string;
  urlFor(runKey: string): string;
  close(): Promise<void>;
}

/** As long as common clients wait for an answer. */
const UPSTREAM_TIMEOUT_MS = 600_000;
const dialect = openaiChat();

interface Post extends Doorkeeper {
  readonly upstream: Upstream;
  readonly onExchange: WireProxyOptions["onExchange"];
}

/** U4. New ids are a matter between faults and simulated models, and left out here. */
export function strikesRealAnswers(fault: WireFault): boolean {
  return fault.answer === undefined || fault.answer === unmark;
}

/** Throws `input_invalid` for an address of no service, `port_in_use`, `config_invalid`. */
export async function startWireProxy(options: WireProxyOptions): Promise<WireProxy> {
  const { faults, onExchange } = options;
  const closing = new AbortController();
  const upstream: Upstream = {
    url: readUpstream(options.upstream),
    bytesMax: BODY_BYTES_MAX,
    timeoutMs: UPSTREAM_TIMEOUT_MS,
    closing: closing.signal,
  };
  const post: Post = { upstream, faults, gate: rateGate(), repeats: repeatCount(), onExchange };
  const server = await openServer(
    { serve: (incoming, response) => serve(post, incoming, response), breakDown },
    options,
  );
  return {
    url: server.url,
    upstream: shownUrl(upstream.url),
    urlFor: (runKey) => `${server.url}${runPrefix(runKey)}/v1`,
    close: () => {
      closing.abort();
      return server.close();
    },
  };
}

interface Visit {
  readonly address: Address;
  readonly asked: ToolRequest;
  readonly response: ServerResponse;
}

async function serve(
  post: Post,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read = await readBytes(incoming, BODY_BYTES_MAX);
  if (read.kind === "broken_off") {
    response.destroy();
    return;
  }
  const { method = "GET", url = "/", headers } = incoming;
  const address = readAddress(url);
  if (read.kind === "too_large" || address === undefined) {
    const status = read.kind === "too_large" ? 413 : 404;
    const refusal = jsonAnswer(status, "not_passed", "The proxy does not pass such a request on.");
    await deliver(response, stepsOf(refusal, method));
    return;
  }
  const { target } = address;
  const asked: ToolRequest = { method, target, headers, body: read.bytes, key: undefined };
  const visit = { address, asked, response };
  if (method === "POST" && dialect.matches(address.path)) await passChat(post, visit);
  else await passOn(post, visit);
}

interface Read {
  readonly request: ChatRequest;
  readonly body: JsonObject;
  readonly decision: number;
}

interface Passed {
  readonly delivery: Delivery;
  /** Those that showed. */
  readonly faults: readonly PlannedFault[];
}

async function passChat(post: Post, visit: Visit): Promise<void> {
  const { runKey } = visit.address;
  const atMs = Date.now();
  const text = visit.asked.body.toString("utf8");
  const read = readChat(text, visit.address);
  const admission =
    read === undefined ? undefined : admit(post, { runKey, dialect: dialect.name, ...read });
  const { delivery, faults }: Passed =
    read === undefined || admission === undefined
      ? { delivery: await passOn(post, visit), faults: [] }
      : await passSpoilt(post, visit, { ...read, ...admission });
  const clientLeft = delivery.clientLeft && !post.upstream.closing.aborted;
  const { repeat = 0, shut } = admission ?? {};
  post.onExchange?.(
    recordOf({
      runKey,
      dialect: dialect.name,
      text,
      read,
      repeat,
      faults,
      atMs,
      earlyByMs: shut?.leftMs,
      delivery: { ...delivery, clientLeft },
    }),
  );
}

/** Undefined for what cannot be read: that is the provider's to refuse. */
function readChat(text: string, address: Address): Read | undefined {
  const json = parseJson(text);
  if (!json.ok || !isJsonObject(json.value)) return undefined;
  const parsed = dialect.parse(json.value, address);
  if (parsed.kind === "failure") return undefined;
  return { ...parsed, body: json.value, decision: decisionOf(parsed.request) };
}

/** U1. */
async function passOn({ upstream }: Post, { asked, response }: Visit): Promise<Delivery> {
  const forwarded = await forward(upstream, asked, true);
  if (forwarded.kind !== "stream") {
    return deliver(response, stepsOf(forwarded.answer, asked.method));
  }
  let clientLeft = false;
  // Before the stream is piped: whichever side ends first takes the other one with it.
  response.once("close", () => {
    clientLeft = !response.writableFinished && forwarded.body.errored === null;
  });
  await handOn(forwarded, response);
  return { status: forwarded.head.status, clientLeft };
}

async function passSpoilt(post: Post, visit: Visit, read: Read & Admission): Promise<Passed> {
  const { shut, request, body } = read;
  const faults = read.faults
    .filter(({ fault }) => strikesRealAnswers(fault))
    .map((acting) => ({ ...acting, fault: { ...acting.fault, answer: unchanged } }));
  const { asked, response, address } = visit;
  if (shut === undefined && faults.length === 0) {
    return { delivery: await passOn(post, visit), faults };
  }
  const isReplied = shut !== undefined || faults.some(({ fault }) => fault.reply !== undefined);
  // U2: never a stream.
  const forwarded = isReplied ? undefined : await forward(post.upstream, asked, false);
  const answer = forwarded === undefined || forwarded.kind === "stream" ? none : forwarded.answer;
  const given = isReplied ? {} : readAnswer(answer, request.stream);
  if (given === undefined) {
    // The provider failed by itself, or said what cannot be read: that is not to be hidden.
    return { delivery: await deliver(response, stepsOf(answer, asked.method)), faults: [] };
  }
  const staged = stageExchange({
    dialect: {
      ...dialect,
      body: () => (isJsonObject(given) ? given : {}),
      frames: () => (isJsonObject(given) ? [] : given),
    },
    frame: { runKey: address.runKey, modelName: "", request, body },
    faults,
    isFrameByFrame: true,
    ask: () => (shut === undefined ? contentOf(given) : tooEarly(dialect, shut.leftMs)),
  });
  if (shut === undefined) closeGate(post, address.runKey, staged.faults);
  // What the body is, the stages say.
  const { "content-type": _type, ...own } = answer.headers;
  const steps = staged.steps.map((step): SocketStep =>
    step.kind === "head" ? { ...step, headers: { ...own, ...step.headers } } : step,
  );
  const delivery = await deliver(response, steps);
  return { delivery, faults: shut === undefined ? staged.faults : [shut.planned] };
}

const none: ToolAnswer = { status: 502, headers: {}, body: Buffer.alloc(0) };

function unchanged<T>(given: T): T {
  return given;
}

function readAnswer(
  { status, body }: ToolAnswer,
  isStream: boolean,
): JsonObject | readonly Frame[] | undefined {
  if (status !== 200) return undefined;
  const text = body.toString("utf8");
  if (isStream) return readChatFrames(text);
  const json = parseJson(text);
  return json.ok && isJsonObject(json.value) ? json.value : undefined;
}

/** A defect of the proxy's must not pass for one of its faults. */
function breakDown(response: ServerResponse, thrown: unknown): void {
  const message = `The proxy failed: ${errorMessage(thrown)}`;
  if (response.headersSent || response.destroyed) response.destroy();
  else response.writeHead(500).end(JSON.stringify({ error: { code: "proxy_failed", message } }));
}
