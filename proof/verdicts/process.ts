/**
 * The outside service: a process of its own that does business over HTTP and knows nothing of
 * journals. Run as `node process.ts DATABASE`; prints its address; ends with its stdin.
 *
 * POST /open                      { desk, domain, seed, troubles }
 * POST /act  { desk, name, args, key }   does it once for each key
 * POST /look { desk, name, args }        changes nothing
 * GET  /find?desk=&key=           what was answered under a key, or null
 * GET  /facts?desk=               everything that is so
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { canonicalJson, isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";
import { Book, type Seed } from "./book.ts";
import { domains, Refusal, type Domain } from "./domains.ts";
import type { Trouble } from "./outside.ts";
import { effectId } from "./effect-id.ts";
import { holds } from "../../src/orchestration/obligation.ts";
import { textOf } from "./text.ts";
import { readText, sendJson, serveUntilParentEnds } from "../http.ts";

/** What goes wrong on a desk, and how often it still will. */
interface Ahead {
  readonly trouble: Trouble;
  left: number;
}

const book = new Book(process.argv[2] ?? ":memory:");
const desks = new Map<string, { readonly domain: Domain; readonly ahead: readonly Ahead[] }>();

const server = createServer((incoming, response) => {
  serve(incoming, response).catch((thrown: unknown) => {
    sendJson(response, thrown instanceof Refusal ? 422 : 500, { error: String(thrown) });
  });
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://service");
  const desk = searchParams.get("desk") ?? "";
  if (incoming.method === "GET" && pathname === "/find") {
    return sendJson(response, 200, book.answered(desk, searchParams.get("key") ?? "") ?? null);
  }
  if (incoming.method === "GET" && pathname === "/facts") {
    return sendJson(response, 200, book.facts(desk));
  }
  const parsed = parseJson(await readText(incoming));
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  switch (pathname) {
    case "/open":
      return open(response, body);
    case "/look":
      return look(response, body);
    case "/act":
      return act(response, body);
    default:
      return sendJson(response, 404, { error: "no such place" });
  }
}

function open(response: ServerResponse, body: JsonObject): void {
  const desk = textOf(body["desk"]);
  const domain = domains[textOf(body["domain"])];
  if (domain === undefined) return sendJson(response, 400, { error: "no such domain" });
  // Only the proof that starts this process opens desks, and it sends what its types say.
  book.open(desk, body["seed"] as Seed);
  const troubles = body["troubles"] as unknown as readonly Trouble[];
  desks.set(desk, { domain, ahead: troubles.map((trouble) => ({ trouble, left: trouble.times })) });
  return sendJson(response, 200, {});
}

function look(response: ServerResponse, body: JsonObject): void {
  const { desk, name, args } = requestOf(body);
  const asked = desks.get(desk)?.domain.looks[name];
  if (asked === undefined) return sendJson(response, 404, { error: "no such question" });
  return sendJson(response, 200, asked(book.records(desk), args));
}

function act(response: ServerResponse, body: JsonObject): void {
  const { desk, name, args } = requestOf(body);
  const key = textOf(body["key"]);
  const opened = desks.get(desk);
  const work = opened?.domain.acts[name];
  if (opened === undefined || work === undefined) {
    return sendJson(response, 404, { error: "no such act" });
  }
  const known = book.answered(desk, key);
  if (known !== undefined) return sendJson(response, 200, known);
  const trouble = troubleFor(opened.ahead, name, args);
  if (trouble === "busy") return sendJson(response, 503, { error: "busy, nothing was done" });
  if (trouble === "refused") throw new Refusal("this cannot be done for this customer");
  const same = canonicalJson([name, args]);
  const output = book.apply({ desk, key, act: same }, () => {
    const id = effectId(opened.domain.prefix, { name, args, nth: book.times(desk, same) });
    return { ...work(book.records(desk), args, textOf(id)), id };
  });
  if (trouble === "lost") response.destroy();
  else sendJson(response, 200, output);
}

function troubleFor(
  ahead: readonly Ahead[],
  name: string,
  args: JsonObject,
): Trouble["what"] | null {
  const met = ahead.find(
    ({ trouble, left }) => left > 0 && trouble.name === name && holds(args, trouble.args),
  );
  if (met === undefined) return null;
  met.left -= 1;
  return met.trouble.what;
}

function requestOf(body: JsonObject): {
  readonly desk: string;
  readonly name: string;
  readonly args: JsonObject;
} {
  const { desk, name, args } = body;
  return { desk: textOf(desk), name: textOf(name), args: isJsonObject(args) ? args : {} };
}

serveUntilParentEnds(server);
