/**
 * The world outside: a model provider over real HTTP and the tools' service, in a process of its
 * own that outlives every kill and knows nothing of ledgers. It bills each request that reaches
 * a model when it arrives, whatever becomes of the client. Run as `node world-process.ts`; prints
 * its address; ends with its stdin.
 *
 * POST /m/N/v1/chat/completions   the model of run N
 * POST /tool/NAME?n=N&key=KEY     one request of a tool
 * GET  /find?key=KEY              whether a payment was made
 * GET  /counted                   all that was billed and done
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseChatRequest } from "../../../src/chaos/dialects/openai-chat-request.ts";
import {
  completionBody,
  completionFrames,
} from "../../../src/chaos/dialects/openai-chat-response.ts";
import { eventText } from "../../../src/chaos/event-text.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../../src/std/json.ts";
import { chanceOf } from "../plan.ts";
import { meter } from "./meter.ts";
import { planOf } from "./plan.ts";
import { answerOf, faultOf, type Fault } from "./script.ts";
import { sendJson, serveUntilParentEnds } from "../../http.ts";

const LATENCY_MS = 8;
const LATENCY_SPAN_MS = 60;
/** Past the patience of the workers. */
const LATE_MS = 2_500;

/**
 * A request that a process began to send before it was stopped goes out when it goes on, long
 * after others have taken its run and its place: no lease can call it back. Such requests are
 * counted by themselves and take no place.
 */
const LATE_SEND_MS = 1_000;

const bills: JsonObject[] = [];
const deeds: JsonObject[] = [];
const faults: Record<string, number> = {};
/** Requests of each run so far. */
const asked = new Map<number, number>();
const paid = new Set<string>();
/** Calls in service now, by tenant and tool, with how many requests ask for each. */
const serving = new Map<string, Map<string, number>>();
const busiest: Record<string, number> = {};
let unread = 0;
let late = 0;

const server = createServer((incoming, response) => {
  serve(incoming, response).catch((thrown: unknown) => {
    if (!response.headersSent) response.writeHead(418);
    response.end(String(thrown));
  });
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "", "http://world");
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const [, place = "", name = ""] = url.pathname.split("/");
  if (place === "m") return answerModel(response, Number(name), Buffer.concat(chunks).toString());
  if (place === "tool") return useTool(response, name, url.searchParams);
  if (place === "find") {
    const key = url.searchParams.get("key") ?? "";
    return sendJson(response, 200, paid.has(key) ? { paid: key } : null);
  }
  if (place === "counted")
    return sendJson(response, 200, { bills, deeds, faults, busiest, unread, late });
  throw new Error("no such place");
}

async function answerModel(response: ServerResponse, n: number, text: string): Promise<void> {
  const sent = parseJson(text);
  if (!sent.ok || !isJsonObject(sent.value)) throw new Error("not a JSON object");
  const parsed = parseChatRequest(sent.value);
  if (parsed.kind === "failure") throw new Error("not a chat request");
  const { request } = parsed;
  const count = (asked.get(n) ?? 0) + 1;
  asked.set(n, count);
  const seed = `${n} request ${count}`;
  const fault = faultOf(seed);
  faults[fault] = (faults[fault] ?? 0) + 1;
  if (fault === "refused") return sendJson(response, 503, { error: { message: "overloaded" } });
  const turn = request.messages.filter(({ role }) => role === "assistant").length;
  const answer = answerOf(n, turn);
  const { input, output } = meter(n, request, { answer, seed });
  bills.push({ n, at: Date.now(), input, output });
  await sleep(LATENCY_MS + LATENCY_SPAN_MS * chanceOf(seed) + (fault === "late" ? LATE_MS : 0));
  if (response.destroyed) unread += 1;
  const usage = { promptTokens: input, completionTokens: output };
  const frame = { runKey: String(n), modelName: "world", request, body: sent.value };
  const isSilent = n % 33 === 7;
  const body = request.stream
    ? completionFrames({ ...answer, usage }, isSilent ? silent(frame) : frame)
        .map(eventText)
        .join("")
    : JSON.stringify(withoutUsage(completionBody({ ...answer, usage }, frame), isSilent));
  const type = request.stream ? "text/event-stream" : "application/json";
  sendAnswer(response, { body, type, fault });
}

/** A provider that does not say what it counted. */
function silent(frame: Parameters<typeof completionFrames>[1]): typeof frame {
  return { ...frame, request: { ...frame.request, includeUsage: false } };
}

function withoutUsage(body: ReturnType<typeof completionBody>, isSilent: boolean): typeof body {
  return isSilent ? { ...body, usage: null } : body;
}

function sendAnswer(
  response: ServerResponse,
  given: { readonly body: string; readonly type: string; readonly fault: Fault },
): void {
  const { body, type, fault } = given;
  if (fault === "cut") {
    response.destroy();
    return;
  }
  if (fault === "failed") return sendJson(response, 500, { error: { message: "bad gateway" } });
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
  response.writeHead(200, headers);
  if (fault !== "half") {
    response.end(body);
    return;
  }
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}

async function useTool(
  response: ServerResponse,
  tool: string,
  query: URLSearchParams,
): Promise<void> {
  const [n, key] = [Number(query.get("n")), query.get("key") ?? ""];
  const at = Date.now();
  const count = deeds.length;
  const place = `${planOf(n).tenant}/${tool}`;
  const chance = chanceOf(`${key} ${count} goes wrong`);
  const isRefused = chance < 0.05;
  const isLate = at - Number(query.get("sent")) > LATE_SEND_MS;
  if (isLate) late += 1;
  deeds.push({ n, at, tool, key, isRefused });
  const leave = isLate ? (): void => undefined : enter(place, key);
  await sleep(LATENCY_MS + (LATENCY_SPAN_MS / 2) * chanceOf(key));
  leave();
  // Found only when it is no longer in service: whoever finds it frees its place.
  if (tool === "pay" && !isRefused) paid.add(key);
  if (isRefused) return sendJson(response, 422, { refused: key });
  if (chance > 0.95) response.destroy();
  else sendJson(response, 200, { done: key });
}

/** What asks for the same call twice, because its worker died, is one call. */
function enter(place: string, key: string): () => void {
  const calls = serving.get(place) ?? new Map<string, number>();
  serving.set(place, calls);
  calls.set(key, (calls.get(key) ?? 0) + 1);
  busiest[place] = Math.max(busiest[place] ?? 0, calls.size);
  return () => {
    const left = (calls.get(key) ?? 1) - 1;
    if (left === 0) calls.delete(key);
    else calls.set(key, left);
  };
}

serveUntilParentEnds(server);
