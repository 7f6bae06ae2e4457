import { createHarness, type Harness, type HarnessOptions } from "../../orchestration/harness.ts";
import type { Engine } from "../../orchestration/engine.ts";
import { embedded } from "./embedded.ts";

/** A harness with the embedded engine unless another is given. See `HarnessOptions`. */
export function harness(
  options: Omit<HarnessOptions, "engine"> & { readonly engine?: Engine },
): Promise<Harness> {
  return createHarness({ ...options, engine: options.engine ?? embedded() });
}
