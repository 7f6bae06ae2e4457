/**
 * The `fetch` of models that are named or addressed, between the provider's client and the network.
 *
 * F1 No response makes the process grow without bound: a body is cut off with an error at
 *    `RESPONSE_BYTES_MAX`, and at `RESPONSE_LINES_MAX`, because each event of a stream costs its
 *    reader far more than its bytes.
 * F2 A page in place of an answer is told as what it is, before a parser looks for JSON in it: a
 *    base URL that leads to a website, a login page of a proxy. An answer that only bears a page's
 *    content type is an answer.
 * F3 Whoever cancels closes the connection.
 * F4 Every packet counts as a sign of life, also one of which the client makes nothing.
 * F5 What is asked goes where the caller said. A redirect to another host would take the whole
 *    prompt along, and every header by which a key is sent but `authorization`.
 */
import { noteArrival } from "./arrival.ts";

const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** A long answer has some hundred thousand events of two or three lines. */
const RESPONSE_LINES_MAX = 1_000_000;

type Fetch = typeof globalThis.fetch;
type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** `given` is the network below; the process's own when absent. */
export function wireFetch(given?: Fetch): Fetch {
  return async (input, init) => {
    const response = await follow(given ?? globalThis.fetch, input, init);
    if (response.body === null) return response;
    const body = isSure(response) ? response.body : await answerIn(response, response.body);
    const { statusText, headers } = response;
    const status = response.status <= STATUS_MAX ? response.status : BAD_GATEWAY;
    const bytes = body.pipeThrough(bounded(init?.signal));
    const made = new Response(bytes, { status, statusText, headers });
    // Clients name the address in their errors; a response made by hand has none.
    Object.defineProperty(made, "url", { value: response.url });
    return made;
  };
}

const REDIRECTS_MAX = 5;

/** F5. Within one host as often as `REDIRECTS_MAX`, where the request stays what it is. */
async function follow(
  fetch: Fetch,
  input: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
): Promise<Response> {
  let response = await fetch(input, { ...init, redirect: "manual" });
  for (let hops = 0; response.status >= 300 && response.status < 400; hops++) {
    const from = input instanceof Request ? input.url : String(input);
    const to = URL.parse(response.headers.get("location") ?? "", response.url || from);
    const isKept = response.status === 307 || response.status === 308;
    const isWhole = !(input instanceof Request) && !(init?.body instanceof ReadableStream);
    const isNear = to !== null && isSameHost(to, new URL(response.url || from));
    if (!isNear || !isKept || !isWhole || hops === REDIRECTS_MAX) return notFollowed(response, to);
    await response.body?.cancel();
    response = await fetch(to, { ...init, redirect: "manual" });
  }
  return response;
}

/** The same server, or the same name over TLS. */
function isSameHost(to: URL, from: URL): boolean {
  if (to.origin === from.origin) return true;
  return from.protocol === "http:" && to.protocol === "https:" && to.hostname === from.hostname;
}

/** In the shape of a provider's own refusal. */
async function notFollowed(response: Response, to: URL | null): Promise<Response> {
  await response.body?.cancel();
  const where = to === null ? "nowhere" : to.host;
  const message = `the address redirects to ${where}, which is not followed`;
  const made = Response.json({ error: { message } }, { status: response.status });
  Object.defineProperty(made, "url", { value: response.url });
  return made;
}

/** Some doorkeepers answer 999, of which no response can be made by hand. */
const STATUS_MAX = 599;
const BAD_GATEWAY = 502;

/** What need not be looked into: refusals, and what says that it is data. */
function isSure({ ok, headers }: Response): boolean {
  return !ok || /\b(?:json|event-stream)\b/i.test(headers.get("content-type") ?? "");
}

const LINE_FEED = 10;

function bounded(signal: AbortSignal | null | undefined): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  let lines = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      noteArrival(signal);
      bytes += chunk.byteLength;
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) {
        lines += 1;
      }
      const over =
        (bytes > RESPONSE_BYTES_MAX && `${RESPONSE_BYTES_MAX} bytes`) ||
        (lines > RESPONSE_LINES_MAX && `${RESPONSE_LINES_MAX} lines`);
      if (over === false) controller.enqueue(chunk);
      else controller.error(new ResponseTooLarge(`the response exceeded ${over}`));
    },
  });
}

class ResponseTooLarge extends Error {
  override readonly name = "ResponseTooLarge";
}

/** How much is looked at to tell a page; white space may come first. */
const BEGINNING_BYTES_MAX = 1_024;

/** The body with its beginning put back, or the error that a page is. */
async function answerIn(response: Response, body: Bytes): Promise<Bytes> {
  const reader = body.getReader();
  const begun: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  let text = "";
  while (text.trim() === "" && bytes < BEGINNING_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) break;
    begun.push(value);
    bytes += value.byteLength;
    text = new TextDecoder().decode(Buffer.concat(begun));
  }
  if (text.trimStart().startsWith("<")) throw await pageError(response, reader, text);
  return new ReadableStream({
    pull: async (controller) => {
      const first = begun.shift();
      if (first !== undefined) return controller.enqueue(first);
      const { done, value } = await reader.read();
      return done ? controller.close() : controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** As much of a page as says what it is. */
const PAGE_CHARS_MAX = 4_096;

/** In the shape of the clients' own errors, by which faults are classified. */
async function pageError(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begun: string,
): Promise<Error> {
  let text = begun;
  const decoder = new TextDecoder();
  try {
    while (text.length < PAGE_CHARS_MAX) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What had come is enough to tell a page by.
  }
  reader.cancel().catch(() => undefined);
  const error = new Error("the address answers with a web page, not with a model's answer");
  return Object.assign(error, {
    name: "AI_APICallError",
    statusCode: response.status,
    responseHeaders: Object.fromEntries(response.headers),
    responseBody: text.slice(0, PAGE_CHARS_MAX),
    isRetryable: false,
  });
}
