/** What one hold of a run asks its models with. */
import type { Delta } from "../generation/model.ts";
import type { ModelRetry } from "../generation/retry.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { Circuits } from "./circuits.ts";
import type { Governing } from "./governing.ts";
import type { Trust } from "./provenance.ts";

export interface TurnOptions {
  readonly routes: readonly PreparedRoute[];
  readonly circuits: Circuits;
  readonly governing: Governing;
  readonly trust: Trust | null;
  readonly retry?: ModelRetry;
  readonly onDelta?: (runId: string, delta: Delta) => void;
}
