import { hash } from "node:crypto";
import { canonicalJson, ENVELOPE_LEVELS } from "./json.ts";

/** Lower-case hex SHA-256 of UTF-8 text or bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 of a value's canonical JSON: equal values, equal hash. */
export function hashJson(value: unknown): string {
  return sha256(canonicalJson(value, ENVELOPE_LEVELS));
}
