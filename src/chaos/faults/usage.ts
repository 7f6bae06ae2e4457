/** What an answer says it cost. */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import type { WireFault } from "../exchange.ts";
import { onObjects, without } from "./json-tree.ts";

const MEMBERS = ["usage", "usageMetadata"] as const;

/** Larger than any context, and still a whole number that JSON carries exactly. */
const HUGE = 9_007_199_254_740_991;

function counts(usage: Json, change: (count: number) => Json): Json {
  if (typeof usage === "number") return change(usage);
  if (!isJsonObject(usage)) return usage;
  const entries = Object.entries(usage).map(([name, value = null]) => [
    name,
    counts(value, change),
  ]);
  return Object.fromEntries(entries);
}

function recount(object: JsonObject, change: (count: number) => Json): JsonObject {
  let changed = object;
  for (const name of MEMBERS) {
    const usage = object[name];
    if (isJsonObject(usage)) changed = { ...changed, [name]: counts(usage, change) };
  }
  return changed;
}

function miscounted(name: string, summary: string, change: (count: number) => Json): WireFault {
  return { name, group: "answer", summary, ...onObjects((object) => recount(object, change)) };
}

export const usageFaults: readonly WireFault[] = [
  {
    name: "usage_missing",
    group: "answer",
    summary: "the answer does not say how many tokens it cost",
    ...onObjects((object) => without(object, ...MEMBERS)),
  },
  miscounted("usage_negative", "the token counts are below zero", (count) => -1 - count),
  miscounted("usage_text", "the token counts are strings", String),
  miscounted("usage_zero", "every token count is 0", () => 0),
  miscounted("usage_huge", "the token counts are larger than any context", () => HUGE),
];
