/**
 * An HTTP proxy in front of any tool or service, which fails in named ways at the moments that
 * matter: above all after the service has done what it was asked for.
 *
 * What no fault strikes goes through as it came: method, path, headers, body. Both bodies are read
 * whole, up to 32 MiB; server-sent events alone are handed on as they come, where no fault is due.
 * Only the length, the compression and what is meant for the next hop are the proxy's own.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { systemClock } from "../std/clock.ts";
import { errorMessage } from "../std/error.ts";
import { answerMemory, type AnswerMemory } from "./answer-memory.ts";
import { deliver, type SocketStep } from "./deliver.ts";
import { openServer, type ListenPlace } from "./listen.ts";
import { readBytes } from "./request-body.ts";
import {
  isSuccess,
  jsonAnswer,
  stepsOf,
  type ToolAnswer,
  type ToolRequest,
} from "./tool-answer.ts";
import { tooMany, type ToolFaultContext } from "./tool-fault.ts";
import {
  forward,
  handOn,
  readUpstream,
  shownUrl,
  type Forwarded,
  type Upstream,
} from "./tool-forward.ts";
import { toolPlan, type DueFault, type ToolPlan, type ToolPlanOptions } from "./tool-plan.ts";
import {
  isCommit,
  toolTally,
  withoutValues,
  type ToolExchange,
  type ToolProxyReport,
  type ToolTally,
} from "./tool-report.ts";

export interface ToolProxyOptions extends ToolPlanOptions, ListenPlace {
  /** The service, `http://127.0.0.1:8080`; a path is put before each request's own. */
  readonly upstream: string;
  /** False spares a request: only the others meet faults and are counted in the draws. */
  readonly strikes?: (request: { readonly method: string; readonly target: string }) => boolean;
  /** The header that carries the idempotency key; `idempotency-key` when left out. */
  readonly keyHeader?: string;
  /** How long the service may take, two minutes when left out. */
  readonly upstreamTimeoutMs?: number;
  /** Called when the answer to a request is over, however it ended. */
  readonly onExchange?: (exchange: ToolExchange) => void;
}

export interface ToolProxy {
  /** The service's address as it may be shown: without a name and a password. */
  readonly upstream: string;
  /** What the client is given in place of the service's address, without a path. */
  readonly url: string;
  report(): ToolProxyReport;
  /**
   * Cuts what is still open, hanging connections and calls of the service too, and frees the port.
   * What was cut is told before it resolves.
   */
  close(): Promise<void>;
}

/** As the simulated models allow; what is larger is no tool's call. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const UPSTREAM_TIMEOUT_MS = 120_000;

interface Post {
  readonly options: ToolProxyOptions;
  readonly upstream: Upstream;
  readonly plan: ToolPlan;
  readonly memory: AnswerMemory;
  readonly tally: ToolTally;
  /** Until then a rate limit lets nobody in, ms since the epoch. */
  blockedUntil: number;
}

/** Throws `input_invalid` for options that make no sense, `port_in_use`, `config_invalid`. */
export async function startToolProxy(options: ToolProxyOptions): Promise<ToolProxy> {
  const closing = new AbortController();
  const post: Post = {
    options,
    upstream: {
      url: readUpstream(options.upstream),
      bytesMax: BODY_BYTES_MAX,
      timeoutMs: options.upstreamTimeoutMs ?? UPSTREAM_TIMEOUT_MS,
      closing: closing.signal,
    },
    plan: toolPlan(options),
    memory: answerMemory(),
    tally: toolTally(),
    blockedUntil: 0,
  };
  const server = await openServer(
    { serve: (incoming, response) => serve(post, incoming, response), breakDown },
    options,
  );
  return {
    upstream: shownUrl(post.upstream.url),
    url: server.url,
    report: () => post.tally.report(),
    close: () => {
      closing.abort();
      return server.close();
    },
  };
}

async function serve(
  post: Post,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = systemClock.now();
  const body = await readBytes(incoming, BODY_BYTES_MAX);
  if (body.kind === "broken_off") {
    response.destroy();
    return;
  }
  const { method = "GET", url: target = "/", headers } = incoming;
  const key = headers[(post.options.keyHeader ?? "idempotency-key").toLowerCase()];
  const request: ToolRequest = {
    method,
    target,
    headers,
    body: body.kind === "bytes" ? body.bytes : Buffer.alloc(0),
    key: typeof key === "string" ? key : undefined,
  };
  if (body.kind === "too_large" || !(target.startsWith("/") || target === "*")) {
    const [status, code] = body.kind === "too_large" ? [413, "too_large"] : [400, "bad_target"];
    const refusal = jsonAnswer(status, code, "The proxy does not pass such a request on.");
    await deliver(response, stepsOf(refusal, method));
    return;
  }
  post.tally.arrived(request);
  const passed = await pass(post, request, response);
  const ms = systemClock.now() - startedAt;
  const told = { method, target: withoutValues(target), key: request.key };
  const exchange = { ...told, ...passed, ms };
  post.tally.ended(exchange);
  post.options.onExchange?.(exchange);
}

type Passed = Omit<ToolExchange, "method" | "target" | "key" | "ms">;

interface Due {
  readonly due: DueFault;
  readonly context: ToolFaultContext;
}

async function pass(post: Post, request: ToolRequest, response: ServerResponse): Promise<Passed> {
  const { method, target } = request;
  const mayStrike = post.options.strikes?.({ method, target }) ?? true;
  const leftMs = post.blockedUntil - systemClock.now();
  if (mayStrike && leftMs > 0) {
    post.tally.cameTooEarly();
    return tell(post, { request, response }, { steps: stepsOf(tooMany(leftMs), method) });
  }
  const planned = mayStrike ? post.plan.next(request) : [];
  const all = planned.map((due): Due => ({ due, context: contextOf(post, request, due) }));
  for (const { due, context } of all) {
    const answer = due.fault.before?.(context);
    if (answer === undefined) continue;
    const blockedUntil = systemClock.now() + (due.fault.blocksForMs?.(context) ?? 0);
    post.blockedUntil = Math.max(post.blockedUntil, blockedUntil);
    const steps = answer === "reset" ? [{ kind: "reset" } as const] : stepsOf(answer, method);
    return tell(post, { request, response }, { steps, struck: [due] });
  }
  return throughService(post, { request, response }, all);
}

interface Telling {
  readonly steps: readonly SocketStep[];
  readonly struck?: readonly DueFault[];
  readonly upstreamCalls?: number;
  readonly upstreamStatus?: number;
  readonly isCommitted?: boolean;
}

interface Client {
  readonly request: ToolRequest;
  readonly response: ServerResponse;
}

/** Counts first: whoever is cut off may ask again before this answer is over. */
async function tell(post: Post, client: Client, telling: Telling): Promise<Passed> {
  const { struck = [], upstreamCalls = 0, upstreamStatus = null, isCommitted = false } = telling;
  const faults = struck.map(({ fault }) => fault.name);
  // A service may refuse what was delivered twice, having done it the first time.
  const isRefused = isCommitted && (upstreamStatus === null || !isSuccess(upstreamStatus));
  const isHidden = isRefused || struck.some(({ fault }) => fault.hides);
  post.tally.struck(client.request, { faults, upstreamCalls, isCommitted, isHidden });
  const { status, clientLeft } = await deliver(client.response, telling.steps);
  const isTold = status !== 0 && !clientLeft && !isHidden;
  return { faults, upstreamCalls, upstreamStatus, isCommitted, isHidden, isTold };
}

function contextOf(post: Post, request: ToolRequest, due: DueFault): ToolFaultContext {
  const stale = (): ToolAnswer | undefined => post.memory.staleFor(request);
  const { argument, random } = due;
  return { request, argument, random, seed: post.plan.seed, stale };
}

async function throughService(post: Post, client: Client, all: readonly Due[]): Promise<Passed> {
  const { request, response } = client;
  const repeated = all.find(({ due }) => (due.fault.deliveries ?? 1) > 1)?.due;
  const upstreamCalls = repeated?.fault.deliveries ?? 1;
  let forwarded = await callService(post, request, all.length === 0);
  let isCommitted = isCommit(request, statusOf(forwarded));
  for (let call = 1; call < upstreamCalls; call++) {
    forwarded = await callService(post, request, false);
    isCommitted ||= isCommit(request, statusOf(forwarded));
  }
  const twice = repeated === undefined ? [] : [repeated];
  if (forwarded.kind === "failed") {
    const steps = stepsOf(forwarded.answer, request.method);
    return tell(post, client, { steps, struck: twice, upstreamCalls, isCommitted });
  }
  if (forwarded.kind === "stream") {
    const isTold = await handOn(forwarded, response);
    const { status: upstreamStatus } = forwarded.head;
    return { faults: [], isHidden: false, upstreamCalls, upstreamStatus, isCommitted, isTold };
  }
  const { steps, struck: spoiling } = spoil(forwarded.answer, request.method, all);
  const struck = [...twice, ...spoiling];
  const upstreamStatus = forwarded.answer.status;
  return tell(post, client, { steps, struck, upstreamCalls, upstreamStatus, isCommitted });
}

function statusOf(forwarded: Forwarded): number | null {
  if (forwarded.kind === "failed") return null;
  return forwarded.kind === "stream" ? forwarded.head.status : forwarded.answer.status;
}

async function callService(
  post: Post,
  request: ToolRequest,
  mayStream: boolean,
): Promise<Forwarded> {
  const forwarded = await forward(post.upstream, request, mayStream);
  post.tally.called(forwarded.kind === "failed" && !post.upstream.closing.aborted);
  if (forwarded.kind === "answer") post.memory.keep(request, forwarded.answer);
  return forwarded;
}

/** First what is answered, then how it goes out: so faults compose. */
function spoil(
  original: ToolAnswer,
  method: string,
  all: readonly Due[],
): { readonly steps: readonly SocketStep[]; readonly struck: readonly DueFault[] } {
  const struck: DueFault[] = [];
  let answer = original;
  for (const { due, context } of all) {
    const spoilt = due.fault.answer?.(answer, context);
    if (spoilt === undefined) continue;
    answer = spoilt;
    struck.push(due);
  }
  let steps = stepsOf(answer, method);
  for (const { due, context } of all) {
    const spoilt = due.fault.steps?.(steps, context);
    if (spoilt === undefined) continue;
    steps = spoilt;
    struck.push(due);
  }
  return { steps, struck };
}

/** A defect of the proxy's must not pass for one of its faults. */
function breakDown(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const answer = jsonAnswer(500, "proxy_failed", `The proxy failed: ${errorMessage(thrown)}`);
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
