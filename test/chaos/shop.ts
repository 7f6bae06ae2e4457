/** A real service for tests to stand in front of: orders that can be paid, once for each request. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { openServer } from "../../src/chaos/listen.ts";

export interface ShopRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Shop {
  readonly url: string;
  requests(): readonly ShopRequest[];
  /** The requests to pay that were carried out. */
  payments(): readonly ShopRequest[];
}

/** Closed when the test is over. */
export async function startShop(): Promise<Shop> {
  const requests: ShopRequest[] = [];
  const payments: ShopRequest[] = [];
  const taken = new Set<string>();
  const answer = (request: ShopRequest, response: ServerResponse): void => {
    const { method, target, body } = request;
    if (target.startsWith("/echo")) {
      response.writeHead(207, { "set-cookie": ["a=1", "b=2"] }).end(body);
    } else if (method === "POST" && target === "/payments") {
      payments.push(request);
      json(response, 200, { payment_id: `p${payments.length}`, status: "paid" });
    } else if (target.startsWith("/orders/")) {
      const order = target.slice("/orders/".length);
      const lines = [{ item: "tea", count: 1 }];
      json(response, 200, { order, paidCents: payments.length * 500, due_cents: 500, lines });
    } else if (target.startsWith("/unique/")) {
      json(response, taken.has(target) ? 409 : 201, { target });
      taken.add(target);
    } else if (target === "/nothing") {
      response.writeHead(204).end();
    } else if (target === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    } else if (target !== "/silent") {
      json(response, 404, { error: "missing" });
    }
  };
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bytesOf(incoming);
    const { method = "", url: target = "", headers } = incoming;
    const request = { method, target, headers, body };
    requests.push(request);
    answer(request, response);
  };
  const breakDown = (response: ServerResponse): void => void response.destroy();
  const server = await openServer({ serve, breakDown }, {});
  onTestFinished(() => server.close());
  return { url: server.url, requests: () => requests, payments: () => payments };
}

function json(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const head = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, head).end(text);
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
