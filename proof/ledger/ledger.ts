/** The outside service as the proof that started it holds it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, parseJson, type Json } from "../../src/std/json.ts";
import { startChild } from "../child.ts";
import type { ReferenceCount } from "./book.ts";

export interface Ledger {
  readonly url: string;
  /** Requests and applied effects of each reference that begins so. */
  count(prefix: string): Promise<readonly ReferenceCount[]>;
}

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

/** Starts the service with its database in `folder`. It ends with this process's other children. */
export async function startLedger(folder: string): Promise<Ledger> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = startChild(PROCESS, [join(folder, "ledger.db")], {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (isJsonObject(line) && typeof line["url"] === "string") resolve(line["url"]);
    },
  });
  void child.ended.then(({ stderr }) => reject(new Error(`The ledger ended: ${stderr}`)));
  const url = await promise;
  return {
    url,
    count: async (prefix) => countsOf(await getJson(`${url}/count?prefix=${prefix}`)),
  };
}

async function getJson(url: string): Promise<Json> {
  const response = await fetch(url);
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok) return parsed.value;
  throw new Error(`The ledger answered ${response.status}`);
}

function countsOf(rows: Json): ReferenceCount[] {
  if (!Array.isArray(rows)) throw new Error("The ledger's count is not a list");
  return rows.map((row: Json) => {
    const { reference, requests, applied, keys } = isJsonObject(row) ? row : {};
    return {
      reference: typeof reference === "string" ? reference : "",
      requests: Number(requests),
      applied: Number(applied),
      keys: Number(keys),
    };
  });
}
