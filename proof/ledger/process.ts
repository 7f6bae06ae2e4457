/**
 * The outside service: a process of its own that takes payment orders over HTTP and survives every
 * kill of its clients. Run as `node process.ts DATABASE`; prints its address; ends with its stdin.
 *
 * POST /keyed          applies an order once for each key
 * POST /plain          applies every order it gets
 * GET  /find?key=      what was applied under a key, or null
 * GET  /count?prefix=  requests and effects for each reference
 * GET  /balance        changes nothing; `?delayMs=` waits before the answer
 *
 * The members of an order that make it behave badly: `delayMs` waits before the answer,
 * `loses` breaks the connection after the commit instead of answering, the first time, and
 * `notAfter` refuses an order that arrives later than that (ms since the epoch).
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";
import { Book, type Order } from "./book.ts";
import { readText, sendJson, serveUntilParentEnds } from "../http.ts";

const book = new Book(process.argv[2] ?? ":memory:");
const lost = new Set<string>();

const server = createServer((incoming, response) => {
  serve(incoming, response).catch((thrown: unknown) => {
    if (!response.headersSent) response.writeHead(500);
    response.end(JSON.stringify({ error: String(thrown) }));
  });
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://ledger");
  const text = await readText(incoming);
  switch (`${incoming.method ?? ""} ${url.pathname}`) {
    case "POST /keyed":
      return take(response, text, true);
    case "POST /plain":
      return take(response, text, false);
    case "GET /find":
      return sendJson(response, 200, book.find(url.searchParams.get("key") ?? "") ?? null);
    case "GET /count":
      return sendJson(response, 200, book.count(url.searchParams.get("prefix") ?? ""));
    case "GET /balance":
      await sleep(Number(url.searchParams.get("delayMs") ?? 0));
      return sendJson(response, 200, { cents: 100_000 });
    default:
      return sendJson(response, 404, { error: "no such place" });
  }
}

/** Commits, then answers: the headers leave only after the commit. */
async function take(response: ServerResponse, text: string, honoursKeys: boolean): Promise<void> {
  const body = parseJson(text);
  const given = body.ok && isJsonObject(body.value) ? body.value : {};
  const order = orderOf(given);
  if (order === null) return sendJson(response, 400, { error: "not an order" });
  const { notAfter, delayMs } = given;
  if (typeof notAfter === "number" && Date.now() > notAfter) {
    return sendJson(response, 410, { error: "too late, nothing was applied" });
  }
  const applied = book.apply(order, honoursKeys);
  if (given["loses"] === true && !lost.has(order.reference)) {
    lost.add(order.reference);
    response.destroy();
    return;
  }
  if (typeof delayMs === "number") await sleep(delayMs);
  sendJson(response, 200, applied);
}

function orderOf({ reference, key, cents }: JsonObject): Order | null {
  if (typeof reference !== "string" || typeof key !== "string") return null;
  return typeof cents === "number" ? { reference, key, cents } : null;
}

serveUntilParentEnds(server);
