/** The outside world as the proof and its workers hold it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, parseJson, type Json, type JsonObject } from "../../src/std/json.ts";
import { startChild } from "../child.ts";

/** An order as a worker sends it. */
export interface Order {
  /** The act's own name in the world: run and act. */
  readonly act: string;
  readonly attempt: string;
  readonly bound: number;
  readonly tool: string;
  readonly isKeyed: boolean;
  readonly user: string;
  readonly run: string;
  /** When the attempt was reserved, ms since the epoch: what windows go by. */
  readonly reservedAt: number;
}

export interface Spend extends Order {
  /** What it took; 0 when it had taken it before. */
  readonly price: number;
}

export interface Counted {
  readonly spends: readonly Spend[];
  /** The most acts that were served at once, by tool. */
  readonly busiest: Readonly<Record<string, number>>;
}

const PROCESS = fileURLToPath(new URL("counter-process.ts", import.meta.url));

/** Starts it; it ends with this process's other children. Resolves with its address. */
export async function startCounter(folder: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = startChild(PROCESS, [], {
    cacheFolder: join(folder, "compiled"),
    onLine: (line) => {
      if (isJsonObject(line) && typeof line["url"] === "string") resolve(line["url"]);
    },
  });
  void child.ended.then(({ stderr }) => reject(new Error(`The counter ended: ${stderr}`)));
  return promise;
}

/** Spends outside and returns the price. */
export async function spend(url: string, order: Order): Promise<number> {
  const body = JSON.stringify(order);
  const { price } = await ask(`${url}/spend`, { method: "POST", body });
  if (typeof price === "number") return price;
  throw new Error("The counter named no price");
}

export async function countSpends(url: string): Promise<Counted> {
  const { spends, busiest } = await ask(`${url}/spends`, {});
  if (!Array.isArray(spends) || !isJsonObject(busiest)) throw new Error("Not a count");
  const most = Object.entries(busiest).map(([tool, count]) => [tool, Number(count)] as const);
  return { spends: spends.map(spendOf), busiest: Object.fromEntries(most) };
}

function spendOf(value: Json): Spend {
  const row = isJsonObject(value) ? value : {};
  const text = (name: string): string => {
    const found = row[name];
    return typeof found === "string" ? found : "";
  };
  return {
    act: text("act"),
    attempt: text("attempt"),
    tool: text("tool"),
    user: text("user"),
    run: text("run"),
    isKeyed: row["isKeyed"] === true,
    bound: Number(row["bound"]),
    reservedAt: Number(row["reservedAt"]),
    price: Number(row["price"]),
  };
}

async function ask(url: string, init: RequestInit): Promise<JsonObject> {
  const response = await fetch(url, init);
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new Error(`The counter answered ${response.status}`);
}
