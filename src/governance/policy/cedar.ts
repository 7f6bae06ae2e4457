/** Cedar's own engine, loaded with the first policy: it weighs megabytes. */
import type * as engine from "@cedar-policy/cedar-wasm/nodejs";

export type Cedar = typeof engine;

let loading: Promise<Cedar> | undefined;

/** One copy per process. */
export function loadCedar(): Promise<Cedar> {
  loading ??= import("@cedar-policy/cedar-wasm/nodejs");
  return loading;
}
