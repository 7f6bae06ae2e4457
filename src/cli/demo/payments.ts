/**
 * The demo's payment service: a process of its own that nobody kills. For a seeded share of the
 * effects it commits and then holds the answer back, past the time its caller waits: the case in
 * which a caller that simply tries again pays twice.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readBody } from "../../chaos/request-body.ts";
import { errorMessage } from "../../std/error.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../std/json.ts";
import { seededRandom, seedFrom } from "../../std/random.ts";
import { quietWarnings } from "../warnings.ts";
import { childOptions, reportReady } from "./child.ts";
import { deskCases } from "./data.ts";
import { numberField, textField } from "./fields.ts";
import { Ledger } from "./ledger.ts";

interface Desk {
  readonly ledger: Ledger;
  readonly seed: number;
  /** Share of effects whose answer is held back once. */
  readonly withholdShare: number;
  readonly holdMs: number;
  holding: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** True: the effect is committed, and its caller shall not hear of it in time. */
  readonly isHeld?: boolean;
}

const BODY_BYTES_MAX = 64 * 1024;

function main(): void {
  const options = childOptions();
  const seed = numberField(options, "seed");
  const ledger = new Ledger(textField(options, "path"));
  ledger.seed(deskCases(seed, numberField(options, "tickets")));
  const desk: Desk = {
    ledger,
    seed,
    withholdShare: numberField(options, "withholdShare"),
    holdMs: numberField(options, "holdMs"),
    holding: 0,
  };
  const server = createServer((incoming, response) => {
    answer(desk, incoming).then(
      (answered) => send(desk, response, answered),
      (thrown: unknown) => send(desk, response, { status: 500, body: errorMessage(thrown) }),
    );
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    reportReady({ url: `http://127.0.0.1:${port}` });
  });
}

async function answer(desk: Desk, incoming: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://service");
  const { ledger } = desk;
  switch (`${incoming.method ?? ""} ${pathname}`) {
    case "GET /payment": {
      const payment = ledger.payment(searchParams.get("orderId") ?? "");
      return payment === undefined ? missing("payment") : { status: 200, body: payment };
    }
    case "GET /review": {
      const review = ledger.findReview(searchParams.get("reference") ?? "");
      return review === undefined ? missing("review") : { status: 200, body: review };
    }
    case "GET /stats":
      return { status: 200, body: ledger.stats(desk.holding) };
    case "POST /refunds":
      return postRefund(desk, incoming.headers["idempotency-key"], incoming);
    case "POST /reviews":
      return postReview(desk, incoming);
    default:
      return missing(pathname);
  }
}

async function postRefund(desk: Desk, key: unknown, incoming: IncomingMessage): Promise<Answer> {
  const { orderId, lineId, amountCents } = await readObject(incoming);
  if (typeof key !== "string" || typeof orderId !== "string" || typeof lineId !== "string") {
    return { status: 400, body: "a key, an order and a line are needed" };
  }
  if (typeof amountCents !== "number" || !Number.isSafeInteger(amountCents) || amountCents < 1) {
    return { status: 400, body: "amountCents must be a whole number above 0" };
  }
  const applied = desk.ledger.refund(key, { orderId, lineId, amountCents });
  if (applied.kind === "refused") return { status: 422, body: applied.why };
  const { refund } = applied;
  const isHeld = applied.kind === "applied" && holdsBack(desk, `refund ${orderId} ${lineId}`);
  if (isHeld) desk.ledger.withhold("refunds", refund.refundId);
  return { status: 200, body: refund, isHeld };
}

async function postReview(desk: Desk, incoming: IncomingMessage): Promise<Answer> {
  const { orderId, reference, note } = await readObject(incoming);
  if (typeof orderId !== "string" || typeof reference !== "string" || typeof note !== "string") {
    return { status: 400, body: "an order, a reference and a note are needed" };
  }
  const review = desk.ledger.review({ orderId, reference, note });
  const isHeld = holdsBack(desk, `review ${orderId}`);
  if (isHeld) desk.ledger.withhold("reviews", review.reviewId);
  return { status: 200, body: review, isHeld };
}

async function readObject(incoming: IncomingMessage): Promise<JsonObject> {
  const body = await readBody(incoming, BODY_BYTES_MAX);
  const parsed = body.kind === "text" ? parseJson(body.text) : undefined;
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : {};
}

function holdsBack(desk: Desk, effect: string): boolean {
  return seededRandom(seedFrom(`hold ${desk.seed} ${effect}`))() < desk.withholdShare;
}

function send(desk: Desk, response: ServerResponse, { status, body, isHeld }: Answer): void {
  const write = (): void => {
    if (response.destroyed) return;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (isHeld !== true) {
    write();
    return;
  }
  desk.holding += 1;
  const timer = setTimeout(write, desk.holdMs);
  response.once("close", () => {
    clearTimeout(timer);
    desk.holding -= 1;
  });
}

function missing(what: string): Answer {
  return { status: 404, body: `there is no such ${what}` };
}

quietWarnings();
main();
