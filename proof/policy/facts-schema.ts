/** The JSON Schema of the facts that `facts.ts` computes: what the engine types the rules with. */
import type { JsonObject } from "../../src/std/json.ts";

const LONG = { type: "integer" };
const BOOL = { type: "boolean" };
const TEXT = { type: "string" };
const TEXTS = { type: "array", items: TEXT };

/** `talk` and `repeated` belong to every write, the rest to the tools they are named for. */
export const FACTS_SCHEMA: JsonObject = {
  type: "object",
  required: ["talk", "repeated"],
  properties: {
    repeated: BOOL,
    talk: all({
      agreed: BOOL,
      unsaid: TEXTS,
      reasons: TEXTS,
      reasonKnown: BOOL,
      insuranceRaised: BOOL,
      compensationAsked: BOOL,
      calls: LONG,
      spoke: BOOL,
    }),
    booking: all({
      passengers: LONG,
      incomplete: LONG,
      uncollected: LONG,
      certificates: LONG,
      creditCards: LONG,
      giftCards: LONG,
      foreign: LONG,
      origin: TEXT,
      destination: TEXT,
      tripType: TEXT,
      connected: BOOL,
    }),
    change: all({
      flightsChanged: BOOL,
      cabinChanged: BOOL,
      originKept: BOOL,
      destinationKept: BOOL,
      tripType: TEXT,
      connected: BOOL,
      payment: TEXT,
    }),
    names: all({ passengers: LONG, incomplete: LONG, uncollected: LONG }),
    bags: all({
      total: LONG,
      extra: LONG,
      totalBefore: LONG,
      extraBefore: LONG,
      passengers: LONG,
      cabin: TEXT,
    }),
    complaint: all({
      amountCents: LONG,
      cancelled: BOOL,
      delayed: BOOL,
      passengers: LONG,
      insured: BOOL,
      cabin: TEXT,
      changed: BOOL,
    }),
  },
};

function all(properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: "object", properties, required: Object.keys(properties) };
}
