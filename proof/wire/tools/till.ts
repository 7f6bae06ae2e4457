/** A service that takes money over HTTP: what it did is counted here, whoever asked for it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { openServer } from "../../../src/chaos/listen.ts";
import { sendJson } from "../../http.ts";

export interface Till {
  /** The address of one desk; desks know nothing of each other. */
  urlFor(desk: string): string;
  /** Payments that were made at this desk. */
  paid(desk: string): number;
  close(): Promise<void>;
}

interface Desk {
  readonly byKey: Map<string, string>;
  paid: number;
}

/**
 * `POST /DESK/payments` pays, at a desk whose name begins with `idempotent` once for each key, at
 * any other each time. `GET /DESK/payments/KEY` says what was paid under a key, 404 for nothing.
 * `GET /DESK/total` says how many payments there were.
 */
export async function startTill(): Promise<Till> {
  const desks = new Map<string, Desk>();
  const deskOf = (name: string): Desk => {
    const desk = desks.get(name) ?? { byKey: new Map<string, string>(), paid: 0 };
    desks.set(name, desk);
    return desk;
  };
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, name = "", what, which = ""] = (incoming.url ?? "").split("/").map(decodeURIComponent);
    const desk = deskOf(name);
    if (incoming.method === "POST") pay(desk, name, { incoming, response });
    else if (what === "total") sendJson(response, 200, { payments: desk.paid });
    else {
      const paymentId = desk.byKey.get(which);
      sendJson(response, paymentId === undefined ? 404 : 200, { paymentId: paymentId ?? null });
    }
  };
  const breakDown = (response: ServerResponse): void => void response.destroy();
  const server = await openServer({ serve, breakDown }, {});
  return {
    urlFor: (desk) => `${server.url}/${encodeURIComponent(desk)}`,
    paid: (desk) => deskOf(desk).paid,
    close: () => server.close(),
  };
}

function pay(
  desk: Desk,
  name: string,
  { incoming, response }: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
): void {
  const key = String(incoming.headers["idempotency-key"]);
  const before = desk.byKey.get(key);
  if (before !== undefined && name.startsWith("idempotent")) {
    sendJson(response, 200, { paymentId: before });
    return;
  }
  desk.paid += 1;
  const paymentId = `P-${desk.paid}`;
  desk.byKey.set(key, paymentId);
  sendJson(response, 200, { paymentId });
}
