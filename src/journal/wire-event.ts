/** What happens between a run and its model that is no answer: faults, and tools taken away. */
import type { ModelFault } from "./model-fault.ts";
import type { Usage } from "./usage.ts";

/** What was done about a fault. */
export type FaultAnswer =
  /** The same request again, after `waitMs`. */
  | "wait"
  /** The run gave its process back until `notBefore`. */
  | "park"
  /** Another route meanwhile; this one may be asked again from `notBefore` on. */
  | "rest"
  /** A smaller request, by history or by output. */
  | "shrink"
  /** The conversation was put into another form. */
  | "repair"
  /** Another route. */
  | "switch"
  /** Nothing more is tried. */
  | "fail"
  /** Somebody wanted the run to stop. */
  | "stop";

/** From now on messages before `upTo` are sent smaller; the journal keeps them whole. */
export interface Shrink {
  readonly level: 1 | 2 | 3;
  /** The index of the last answer among them: there the last turn begins. */
  readonly turnAt: number;
  /** How many messages there were. Those that came later are left alone. */
  readonly upTo: number;
}

/** A model was asked and there is no answer. */
export interface ModelFaulted {
  readonly kind: "model.faulted";
  readonly answer: FaultAnswer;
  /** What of a streamed answer had arrived: kept to be looked at, never acted on. */
  readonly arrived?: {
    readonly calls: number;
    readonly chars: number;
    readonly text?: string;
  };
  /** The route: `provider/model` as it was asked. */
  readonly asked: string;
  /** A whole answer came that was not taken: what it used, and of which model. It is billed. */
  readonly billed?: { readonly model: string; readonly usage: Usage };
  readonly fault: ModelFault;
  readonly ms: number;
  /** The model is not asked again by this run before then, ms since the epoch. */
  readonly notBefore?: number;
  /** With `shrink`: the output that is asked for at most from now on, in tokens. */
  readonly outputTokensMax?: number;
  /** With `shrink`: what of the history is sent smaller. */
  readonly shrink?: Shrink;
  /** The turn that was to be. */
  readonly turn: number;
  readonly waitMs?: number;
}

/** Which tools are out of service has changed: the model is told, and offered the others. */
export interface ToolsWithheld {
  readonly kind: "tools.withheld";
  /** What the model is told. */
  readonly text: string;
  /** All that are withheld from now on. */
  readonly tools: readonly string[];
}
