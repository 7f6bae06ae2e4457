import { hashJson, sha256 } from "../std/hash.ts";
import type { JsonObject } from "../std/json.ts";
import type { ChatRequest } from "./chat.ts";
import type { Delivery } from "./deliver.ts";
import type { Dialect, ExchangeRecord, PlannedFault } from "./exchange.ts";

export interface Served {
  readonly runKey: string;
  readonly dialect: Dialect;
  /** The body as it came; "" when it could not be read. */
  readonly text: string;
  /** Undefined when the body says nothing in the dialect. */
  readonly read:
    | { readonly request: ChatRequest; readonly body: JsonObject; readonly decision: number }
    | undefined;
  readonly repeat: number;
  readonly earlyByMs: number | undefined;
  /** Those that showed. */
  readonly faults: readonly PlannedFault[];
  readonly delivery: Delivery;
  readonly atMs: number;
}

/** What is told of a request when its connection is done with it: nothing of its text. */
export function recordOf(served: Served): ExchangeRecord {
  const { runKey, dialect, text, read, repeat, earlyByMs, faults, delivery, atMs } = served;
  return {
    runKey,
    dialect,
    stream: read?.request.stream === true,
    decision: read?.decision,
    repeat,
    faults: faults.map(({ fault, argument }) =>
      argument === undefined ? fault.name : `${fault.name}:${argument}`,
    ),
    status: delivery.status,
    requestHash: requestHash(text, read?.body),
    openingHash: read === undefined ? "" : openingHash(read.request),
    atMs,
    endedAtMs: Date.now(),
    clientLeft: delivery.clientLeft,
    earlyByMs,
  };
}

/** By its bytes when it has no canonical form: no JSON, or nested deeper than that goes. */
function requestHash(text: string, body: JsonObject | undefined): string {
  try {
    if (body !== undefined) return hashJson(body);
  } catch {
    // Said above.
  }
  return sha256(text);
}

function openingHash({ messages }: ChatRequest): string {
  const first = messages.findIndex(({ role }) => role === "assistant");
  return hashJson(first === -1 ? messages : messages.slice(0, first));
}
