/** The outside service as the proof that started it holds it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ToolError } from "../../src/index.ts";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../src/std/json.ts";
import { startChild } from "../child.ts";
import type { Facts, Seed } from "./book.ts";
import { textOf } from "./text.ts";

export interface Trouble {
  readonly what: "busy" | "lost" | "refused";
  readonly name: string;
  readonly args: JsonObject;
  readonly times: number;
}

export interface OpenDesk {
  readonly desk: string;
  readonly domain: string;
  readonly seed: Seed;
  readonly troubles: readonly Trouble[];
}

export interface Asked {
  readonly desk: string;
  readonly name: string;
  readonly args: JsonObject;
  readonly signal: AbortSignal;
}

export interface Service {
  open(desk: OpenDesk): Promise<void>;
  act(asked: Asked & { readonly key: string }): Promise<JsonObject>;
  look(asked: Asked): Promise<JsonObject>;
  /** What was answered under a key; null when nothing was. */
  find(desk: string, key: string): Promise<Json>;
  /** Everything that is so, without the ids. */
  facts(desk: string): Promise<Facts>;
}

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

/** Starts the service with its database in `folder`. It ends with this process's other children. */
export async function startService(folder: string): Promise<Service> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = startChild(PROCESS, [join(folder, "service.db")], {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (isJsonObject(line) && typeof line["url"] === "string") resolve(line["url"]);
    },
  });
  void child.ended.then(({ stderr }) => reject(new Error(`The service ended: ${stderr}`)));
  const url = await promise;
  const post = (path: string, body: object, signal?: AbortSignal): Promise<JsonObject> =>
    asObject(
      ask(`${url}${path}`, { method: "POST", body: JSON.stringify(body), signal: signal ?? null }),
    );
  return {
    open: async (desk) => void (await post("/open", desk)),
    act: ({ signal, ...body }) => post("/act", body, signal),
    look: ({ signal, ...body }) => post("/look", body, signal),
    find: (desk, key) => ask(`${url}/find?desk=${desk}&key=${key}`, {}),
    facts: async (desk) => factsOf(await ask(`${url}/facts?desk=${desk}`, {})),
  };
}

/** A refusal says that nothing was done; "busy" that trying again may help. */
async function ask(url: string, init: RequestInit): Promise<Json> {
  const response = await fetch(url, init);
  const parsed = parseJson(await response.text());
  const body = parsed.ok ? parsed.value : null;
  if (response.ok) return body;
  const why = isJsonObject(body) ? textOf(body["error"]) : `HTTP ${response.status}`;
  if (response.status === 503) throw new ToolError(why, { isTransient: true });
  if (response.status < 500) throw new ToolError(`The service refused: ${why}`);
  throw new Error(`The service failed: ${why}`);
}

async function asObject(asked: Promise<Json>): Promise<JsonObject> {
  const value = await asked;
  if (isJsonObject(value)) return value;
  throw new Error("The service answered with no object");
}

function factsOf(value: Json): Facts {
  if (!isJsonObject(value)) throw new Error("The service's facts are no object");
  const kinds = Object.entries(value).map(([kind, bodies]) => {
    return [kind, Array.isArray(bodies) ? bodies.filter(isJsonObject) : []] as const;
  });
  return Object.fromEntries(kinds);
}
