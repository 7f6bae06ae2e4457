/**
 * A seal on what people say. Whoever can write to the store can post a message in anybody's name;
 * with a secret that only the processes know which check who people are, such a message is told
 * from a real one. A seal holds for one message: its run, its kind, its words, and the key under
 * which the store takes it once, so that it cannot be said again under another.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalJson, type JsonObject } from "../std/json.ts";

export interface Sealed {
  readonly runId: string;
  readonly kind: string;
  readonly key: string;
  readonly body: JsonObject;
}

/** Shorter secrets can be guessed. */
export const SECRET_CHARS_MIN = 32;

/** The message's body with its seal. */
export function seal(message: Sealed, secret: string): JsonObject {
  return { ...message.body, seal: sealOf(message, secret) };
}

/** Why a message is not what a process that knows the secret has posted; null when it is. */
export function whyNotSealed(message: Sealed, secret: string): string | null {
  const { seal: given, ...body } = message.body;
  if (typeof given !== "string") return "it has no seal, and this harness asks for one";
  const own = Buffer.from(sealOf({ ...message, body }, secret));
  const other = Buffer.from(given);
  const isSame = own.length === other.length && timingSafeEqual(own, other);
  return isSame ? null : "its seal is not right for what it says";
}

function sealOf({ runId, kind, key, body }: Sealed, secret: string): string {
  return createHmac("sha256", secret)
    .update(canonicalJson({ body, key, kind, runId }))
    .digest("base64url");
}
