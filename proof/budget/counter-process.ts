/**
 * The outside world that takes the money: a process of its own that outlives every kill and knows
 * nothing of ledgers. Run as `node counter-process.ts`; prints its address; ends with its stdin.
 *
 * POST /spend   takes an order, and answers with its price after a while
 * GET  /spends  every order it took, and the most that were served at once, for each tool
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";
import { chanceOf } from "./plan.ts";
import { serveUntilParentEnds } from "../http.ts";

const LATENCY_MS = 6;
const LATENCY_SPAN_MS = 20;

/** Prices by act, for those whose keys are honoured. */
const priced = new Map<string, number>();
const spends: JsonObject[] = [];
/** Acts in service now, by tool. An act that a second attempt asks for meanwhile is one. */
const serving = new Map<string, Map<string, number>>();
const busiest: Record<string, number> = {};

const server = createServer((incoming, response) => {
  serve(incoming, response).catch((thrown: unknown) => {
    if (!response.headersSent) response.writeHead(500);
    response.end(JSON.stringify({ error: String(thrown) }));
  });
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const place = `${incoming.method ?? ""} ${incoming.url ?? ""}`;
  if (place === "GET /spends") return answer(response, { spends, busiest });
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const body = parseJson(Buffer.concat(chunks).toString("utf8"));
  if (place !== "POST /spend" || !body.ok || !isJsonObject(body.value)) {
    throw new Error("no such place");
  }
  await take(response, body.value);
}

/** Spends at once and answers later: whoever dies in between has spent. */
async function take(response: ServerResponse, order: JsonObject): Promise<void> {
  const { act, attempt, bound, tool, isKeyed } = order;
  if (typeof act !== "string" || typeof attempt !== "string" || typeof tool !== "string") {
    throw new Error("not an order");
  }
  if (typeof bound !== "number") throw new Error("an order without a bound");
  const known = isKeyed === true ? priced.get(act) : undefined;
  const price = known ?? Math.ceil(bound * (0.4 + 0.6 * chanceOf(`${attempt} price`)));
  priced.set(act, price);
  spends.push({ ...order, price: known === undefined ? price : 0 });
  const done = enter(tool, act);
  await sleep(LATENCY_MS + LATENCY_SPAN_MS * chanceOf(`${act} latency`));
  done();
  answer(response, { price });
}

function enter(tool: string, act: string): () => void {
  const acts = serving.get(tool) ?? new Map<string, number>();
  serving.set(tool, acts);
  acts.set(act, (acts.get(act) ?? 0) + 1);
  busiest[tool] = Math.max(busiest[tool] ?? 0, acts.size);
  return () => {
    const left = (acts.get(act) ?? 1) - 1;
    if (left === 0) acts.delete(act);
    else acts.set(act, left);
  };
}

function answer(response: ServerResponse, value: JsonObject): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

serveUntilParentEnds(server);
