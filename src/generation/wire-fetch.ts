/**
 * The `fetch` of models that are named or addressed, between the provider's client and the network.
 *
 * F1 No response makes the process grow without bound: a body is cut off with an error at
 *    `RESPONSE_BYTES_MAX`, however it is sliced.
 * F2 A page that calls itself an answer is told as what it is, before a parser looks for JSON in
 *    it: a base URL that leads to a website, a login page of a proxy.
 * F3 Whoever cancels closes the connection.
 */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

type Fetch = typeof globalThis.fetch;

/** `given` is the network below; the process's own when absent. */
export function wireFetch(given?: Fetch): Fetch {
  return async (input, init) => {
    const response = await (given ?? globalThis.fetch)(input, init);
    if (response.ok && isPage(response)) throw await pageError(response);
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    const bounded = response.body.pipeThrough(boundedBytes(RESPONSE_BYTES_MAX));
    const made = new Response(bounded, { status, statusText, headers });
    // Clients name the address in their errors; a response made by hand has none.
    Object.defineProperty(made, "url", { value: response.url });
    return made;
  };
}

function boundedBytes(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) {
        controller.error(new ResponseTooLarge(`the response exceeded ${bytesMax} bytes`));
      } else {
        controller.enqueue(chunk);
      }
    },
  });
}

class ResponseTooLarge extends Error {
  override readonly name = "ResponseTooLarge";
}

function isPage(response: Response): boolean {
  return /^\s*text\/html\b/i.test(response.headers.get("content-type") ?? "");
}

/** As much of a page as says what it is. */
const PAGE_BYTES_MAX = 4_096;

/** In the shape of the clients' own errors, by which faults are classified. */
async function pageError(response: Response): Promise<Error> {
  const text = await beginningOf(response);
  const error = new Error("the address answers with a web page, not with a model's answer");
  return Object.assign(error, {
    name: "AI_APICallError",
    statusCode: response.status,
    responseHeaders: Object.fromEntries(response.headers),
    responseBody: text,
    isRetryable: false,
  });
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < PAGE_BYTES_MAX) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // What had come is enough to tell a page by.
  }
  reader.cancel().catch(() => undefined);
  return text.slice(0, PAGE_BYTES_MAX);
}
