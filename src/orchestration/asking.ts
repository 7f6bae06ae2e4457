/** What one decision of a model goes by while it is being made, and what can come of it. */
import { type ModelRetry } from "../generation/retry.ts";
import type { BreakerSettings } from "../generation/breaker.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { ModelFault } from "../journal/model-fault.ts";
import type { Agent } from "./agent.ts";
import { type LocalFault } from "./ask-route.ts";
import type { Session } from "./session.ts";
import { type Exhausted } from "./spend.ts";
import type { TurnOptions } from "./turn.ts";

export type Asked =
  | { readonly kind: "answered" }
  | Exhausted
  /** The policies forbid every model that could be asked. */
  | { readonly kind: "model_denied"; readonly message: string }
  /** Nobody can be asked before `until`. */
  | {
      readonly kind: "wait";
      readonly route: string;
      readonly until: number;
      readonly why: string;
    }
  | { readonly kind: "failed"; readonly route: PreparedRoute | null; readonly why: Failure }
  /** Stopped: by a cancel, the end of the time, a drain, or because the run is not ours. */
  | { readonly kind: "stopped" };

export interface Failure {
  readonly fault: ModelFault | null;
  readonly attempts: number;
  readonly message: string;
  /** The next step, where no fault says it. */
  readonly hint?: string;
}

/** What one hold of a turn has found out that is in no journal. */
export interface Asking {
  readonly session: Session;
  readonly agent: Agent;
  readonly options: TurnOptions;
  readonly retry: ModelRetry;
  readonly breaker: BreakerSettings;
  readonly local: LocalFault[];
  last: ModelFault | null;
  /** The route for which a further attempt is granted, and not made yet. */
  retryOf: string | null;
  /** How often in a row there was none to grant. */
  crowded: number;
  /** How often in a row there was no place among those in flight. */
  looks: number;
}

/** Null: come in. Otherwise until when the model is left alone, and why. */
export interface ClosedOff {
  readonly until: number;
  readonly why: string;
}
