/** A service that takes money, honours idempotency keys and can be asked what it did under one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { openServer } from "../../src/chaos/listen.ts";

export interface Till {
  readonly url: string;
  /** How often each order was paid. */
  paid(): Readonly<Record<string, number>>;
  /** Requests to pay, those under a known key included. */
  requests(): number;
}

/** Closed when the test is over. */
export async function startTill(): Promise<Till> {
  const byKey = new Map<string, string>();
  const paid: Record<string, number> = {};
  let requests = 0;
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, what, which = ""] = (incoming.url ?? "").split("/");
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (what === "paid") {
      const order = byKey.get(which);
      answer(order === undefined ? 404 : 200, { order });
      return;
    }
    requests += 1;
    const key = String(incoming.headers["idempotency-key"]);
    if (!byKey.has(key)) paid[which] = (paid[which] ?? 0) + 1;
    byKey.set(key, which);
    answer(200, { order: which });
  };
  const breakDown = (response: ServerResponse): void => void response.destroy();
  const server = await openServer({ serve, breakDown }, {});
  onTestFinished(() => server.close());
  return { url: server.url, paid: () => paid, requests: () => requests };
}
