/** The proxy's other side: one call of the service, read to its end or handed on as a stream. */
import {
  request as requestHttp,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";
import { BridleError, errorMessage } from "../std/error.ts";
import { readBytes } from "./request-body.ts";
import { jsonAnswer, type ToolAnswer, type ToolRequest } from "./tool-answer.ts";

export interface Upstream {
  readonly url: URL;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** Cuts every call that is still under way. */
  readonly closing: AbortSignal;
}

export type Forwarded =
  | { readonly kind: "answer"; readonly answer: ToolAnswer }
  /** Server-sent events: they may have no end. */
  | {
      readonly kind: "stream";
      readonly head: Omit<ToolAnswer, "body">;
      readonly body: IncomingMessage;
    }
  /** The service did not answer, or not within the limits; whether it acted is not known. */
  | { readonly kind: "failed"; readonly answer: ToolAnswer };

/** By RFC 9110, section 7.6.1, and those that speak to a proxy; the length is written anew. */
const NOT_PASSED = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "content-length",
]);

/** Throws `input_invalid` for what is no address of an HTTP service. */
export function readUpstream(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url !== undefined && isHttp && url.search === "" && url.hash === "") return url;
  // What could be a password is not repeated.
  const shown = text.replace(/\/\/[^@]*@/, "//…@").replace(/\?.*$/s, "?…");
  throw new BridleError("input_invalid", `'${shown}' is no address of an HTTP service.`, {
    hint: "Write the service's address without a query, as http://127.0.0.1:8080 or https://host/base.",
  });
}

/** Without what signs in. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}

/**
 * Calls the service once. A connection is never used twice: a pooled one that the service has just
 * closed would be a fault that nobody asked for.
 */
export async function forward(
  upstream: Upstream,
  asked: ToolRequest,
  mayStream: boolean,
): Promise<Forwarded> {
  const { url, bytesMax, timeoutMs, closing } = upstream;
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), timeoutMs);
  const cut = AbortSignal.any([tooLate.signal, closing]);
  try {
    const incoming = await send(url, asked, cut);
    const status = incoming.statusCode ?? 502;
    const headers = endToEnd(incoming.headers);
    const type = incoming.headers["content-type"] ?? "";
    if (mayStream && type.startsWith("text/event-stream")) {
      return { kind: "stream", head: { status, headers }, body: incoming };
    }
    const body = await readBytes(incoming, bytesMax);
    if (cut.aborted) throw new Error("aborted");
    if (body.kind === "bytes") {
      const length = incoming.headers["content-length"];
      // The answer to HEAD names the length of a body that it does not have.
      const kept =
        asked.method === "HEAD" && length !== undefined ? { "content-length": length } : {};
      const answer = { status, headers: { ...headers, ...kept }, body: body.bytes };
      return { kind: "answer", answer };
    }
    incoming.destroy();
    const why = body.kind === "too_large" ? "sent too large an answer" : "broke its answer off";
    return failed(502, `The service ${why}.`);
  } catch (thrown) {
    return tooLate.signal.aborted
      ? failed(504, `The service did not answer within ${timeoutMs} ms.`)
      : failed(502, `The service cannot be reached: ${errorMessage(thrown)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Passes a stream on as it comes. False when either side ended it before its end. */
export async function handOn(
  stream: Extract<Forwarded, { kind: "stream" }>,
  response: ServerResponse,
): Promise<boolean> {
  response.writeHead(stream.head.status, stream.head.headers);
  response.flushHeaders();
  // Either side may end a stream at any time: that is an end, not an error of the proxy's.
  return pipeline(stream.body, response).then(
    () => true,
    () => false,
  );
}

function send(url: URL, asked: ToolRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, target, body } = asked;
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const path = target.startsWith("/") ? url.pathname.replace(/\/+$/, "") + target : target;
  const headers: OutgoingHttpHeaders = {
    ...endToEnd(asked.headers),
    host: url.host,
    // What is compressed cannot be spoilt in its middle.
    "accept-encoding": "identity",
  };
  if (body.length > 0 || asked.headers["content-length"] !== undefined) {
    headers["content-length"] = body.length;
  }
  const auth = url.username === "" ? {} : { auth: credentials(url) };
  return new Promise((resolve, reject) => {
    const place = { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port, path };
    request({ ...place, ...auth, method, headers, agent: false, signal })
      .once("response", resolve)
      .on("error", reject)
      .end(body);
  });
}

function credentials({ username, password }: URL): string {
  return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
}

/** The headers that are meant for the other end. */
function endToEnd(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): OutgoingHttpHeaders {
  const named = String(headers["connection"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase());
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_PASSED.has(name) || named.includes(name)) continue;
    kept[name] = typeof value === "string" ? value : [...value];
  }
  return kept;
}

function failed(status: number, message: string): Forwarded {
  return { kind: "failed", answer: jsonAnswer(status, "upstream_failed", message) };
}
