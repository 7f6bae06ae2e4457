/** Lifts event bodies written by older versions, one version at a time, to today's shape. */
import { BridleError } from "../std/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../std/json.ts";
import { eventVersions, type EventKind } from "./event.ts";

type Upcaster = (body: JsonObject) => JsonObject;

/** `kind@from` → a body of version `from + 1`. */
const upcasters: { readonly [kindAndVersion: string]: Upcaster } = {
  /** Version 1 named the limits `maxTurns` and `maxCalls` and rendered the prompt on each start. */
  "run.created@1": (body) => {
    const old = isJsonObject(body["limits"]) ? body["limits"] : {};
    const limits: JsonObject = {
      callsMax: old["maxCalls"] ?? 200,
      tokensMax: 10_000_000,
      turnsMax: old["maxTurns"] ?? 50,
      wallMs: 86_400_000,
    };
    return { fingerprints: {}, ...body, limits, prompt: promptOf(body["input"] ?? null) };
  },
};

function promptOf(input: Json): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}

/** True when `kind` is one this version knows. */
export function isEventKind(kind: string): kind is EventKind {
  return Object.hasOwn(eventVersions, kind);
}

/**
 * The body in today's shape. An unknown kind or a version from the future is an error, so that an
 * older Bridle never misreads a newer journal.
 */
export function upcast(kind: string, version: number, body: JsonObject): JsonObject {
  if (!isEventKind(kind) || version > eventVersions[kind]) {
    throw new BridleError(
      "event_unknown_version",
      `The journal holds ${kind} in version ${version}, which this Bridle does not know`,
      { hint: "It was written by a newer Bridle: upgrade, then open it again." },
    );
  }
  let lifted = body;
  for (let from = version; from < eventVersions[kind]; from++) {
    const step = upcasters[`${kind}@${from}`];
    if (step === undefined) {
      throw new BridleError("event_unknown_version", `No upcaster for ${kind} version ${from}`);
    }
    lifted = step(lifted);
  }
  return lifted;
}
