/** The desk's side of the payment service: HTTP, and what its answers mean for an effect. */
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../std/json.ts";
import { ToolError } from "../../tools/tool-error.ts";
import { numberField, textField } from "./fields.ts";
import type {
  Count,
  Payment,
  Refund,
  RefundRequest,
  Review,
  ReviewRequest,
  Stats,
} from "./ledger.ts";

export interface Payments {
  payment(orderId: string, signal: AbortSignal): Promise<Payment>;
  /** Honours the key: the same one again gives the first answer. */
  refund(request: RefundRequest, key: string, signal: AbortSignal): Promise<Refund>;
  /** Opens a review with every call. */
  review(request: ReviewRequest, signal: AbortSignal): Promise<Review>;
  findReview(reference: string, signal: AbortSignal): Promise<Review | null>;
  stats(signal: AbortSignal): Promise<Stats>;
}

export function connectPayments(url: string): Payments {
  const get = (path: string, signal: AbortSignal): Promise<Reply> =>
    ask(new URL(path, url), { signal });
  const post = (path: string, body: JsonObject, given: Posting): Promise<Reply> => {
    const headers = { "content-type": "application/json", ...given.headers };
    const { signal } = given;
    return ask(new URL(path, url), { method: "POST", headers, body: JSON.stringify(body), signal });
  };
  return {
    payment: async (orderId, signal) => {
      const reply = await get(`/payment?orderId=${encodeURIComponent(orderId)}`, signal);
      return paymentOf(done(reply));
    },
    refund: async (request, key, signal) => {
      const headers = { "idempotency-key": key };
      return refundOf(done(await post("/refunds", { ...request }, { headers, signal })));
    },
    review: async (request, signal) =>
      reviewOf(done(await post("/reviews", { ...request }, { signal }))),
    findReview: async (reference, signal) => {
      const reply = await get(`/review?reference=${encodeURIComponent(reference)}`, signal);
      return reply.status === 404 ? null : reviewOf(done(reply));
    },
    stats: async (signal) => statsOf(done(await get("/stats", signal))),
  };
}

interface Posting {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Reply {
  readonly status: number;
  readonly body: Json;
}

async function ask(url: URL, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const parsed = parseJson(await response.text());
  return { status: response.status, body: parsed.ok ? parsed.value : null };
}

/**
 * A 4xx says that nothing was done. Anything else that is no answer leaves it open, and so must
 * not be a `ToolError`.
 */
function done({ status, body }: Reply): JsonObject {
  if (status === 200 && isJsonObject(body)) return body;
  const why = typeof body === "string" ? body : `HTTP ${status}`;
  if (status >= 400 && status < 500) throw new ToolError(`The payment service refused: ${why}`);
  throw new Error(`The payment service failed: ${why}`);
}

function paymentOf(body: JsonObject): Payment {
  return {
    orderId: textField(body, "orderId"),
    capturedCents: numberField(body, "capturedCents"),
    refunds: listField(body, "refunds").map(refundOf),
  };
}

function refundOf(body: JsonObject): Refund {
  return {
    refundId: textField(body, "refundId"),
    orderId: textField(body, "orderId"),
    lineId: textField(body, "lineId"),
    amountCents: numberField(body, "amountCents"),
  };
}

function reviewOf(body: JsonObject): Review {
  return { reviewId: textField(body, "reviewId"), orderId: textField(body, "orderId") };
}

function statsOf(body: JsonObject): Stats {
  return {
    refunds: listField(body, "refunds").map(countOf),
    refundsApplied: numberField(body, "refundsApplied"),
    refundsDoubled: numberField(body, "refundsDoubled"),
    reviews: listField(body, "reviews").map(countOf),
    reviewsOpened: numberField(body, "reviewsOpened"),
    reviewsDoubled: numberField(body, "reviewsDoubled"),
    replays: numberField(body, "replays"),
    withheld: numberField(body, "withheld"),
    refused: numberField(body, "refused"),
    holding: numberField(body, "holding"),
  };
}

function countOf(body: JsonObject): Count {
  return {
    what: textField(body, "what"),
    times: numberField(body, "times"),
    amountCents: numberField(body, "amountCents"),
  };
}

function listField(body: JsonObject, name: string): readonly JsonObject[] {
  const list = body[name];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
