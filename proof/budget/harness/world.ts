/** The world outside as the proof holds it: started, and asked at the end what it counted. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../../src/std/json.ts";
import { startChild } from "../../child.ts";

/** One request that reached a model: it is paid for, whoever was there to read the answer. */
export interface Bill {
  readonly n: number;
  readonly at: number;
  readonly input: number;
  readonly output: number;
}

/** One request that reached a tool. */
export interface Deed {
  readonly n: number;
  readonly at: number;
  readonly tool: string;
  readonly key: string;
  readonly isRefused: boolean;
}

export interface Counted {
  readonly bills: readonly Bill[];
  readonly deeds: readonly Deed[];
  /** Model requests by what became of them. */
  readonly faults: Readonly<Record<string, number>>;
  /** The most calls in service at once, by tenant and tool. */
  readonly busiest: Readonly<Record<string, number>>;
  /** Answers whose client was gone before they began. */
  readonly unread: number;
  /** Requests to tools that a stopped process had begun to send before it was stopped. */
  readonly late: number;
}

const PROCESS = fileURLToPath(new URL("world-process.ts", import.meta.url));

/** Starts it; it ends with this process's other children. Resolves with its address. */
export async function startWorld(folder: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = startChild(PROCESS, [], {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (isJsonObject(line) && typeof line["url"] === "string") resolve(line["url"]);
    },
  });
  void child.ended.then(({ stderr }) => reject(new Error(`The world ended: ${stderr}`)));
  return promise;
}

export async function countWorld(url: string): Promise<Counted> {
  const response = await fetch(`${url}/counted`);
  const parsed = parseJson(await response.text());
  if (!response.ok || !parsed.ok || !isJsonObject(parsed.value)) throw new Error("Not a count");
  const { bills, deeds, faults, busiest, unread, late } = parsed.value;
  return {
    bills: rowsOf(bills).map((row) => ({
      n: Number(row["n"]),
      at: Number(row["at"]),
      input: Number(row["input"]),
      output: Number(row["output"]),
    })),
    deeds: rowsOf(deeds).map((row) => ({
      n: Number(row["n"]),
      at: Number(row["at"]),
      tool: textOf(row["tool"]),
      key: textOf(row["key"]),
      isRefused: row["isRefused"] === true,
    })),
    faults: numbersOf(faults),
    busiest: numbersOf(busiest),
    unread: Number(unread),
    late: Number(late),
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function rowsOf(value: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new Error("Not a count");
  return value.filter(isJsonObject);
}

function numbersOf(value: Json | undefined): Readonly<Record<string, number>> {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, count]) => [name, Number(count)] as const));
}
