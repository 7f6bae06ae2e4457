import type { Harness, HarnessOptions } from "../../orchestration/harness.ts";
import type { Engine } from "../../orchestration/engine.ts";
import { embedded } from "./embedded.ts";

/** A harness with the embedded engine unless another is given. See `HarnessOptions`. */
export async function harness(
  options: Omit<HarnessOptions, "engine"> & { readonly engine?: Engine },
): Promise<Harness> {
  // Loaded here, so that importing the front door costs next to nothing.
  const { createHarness } = await import("../../orchestration/harness.ts");
  return createHarness({ ...options, engine: options.engine ?? embedded() });
}
