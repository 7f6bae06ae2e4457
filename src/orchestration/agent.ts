/** An agent as its author writes it, and as the harness keeps it. Importing this costs nothing. */
import type { Budget } from "../governance/budget.ts";
import type { PolicySet } from "../governance/policy/load.ts";
import type { RunLimits } from "../journal/event.ts";
import type { Obligation } from "../journal/intent.ts";
import type { Receipt } from "../journal/receipt.ts";
import type { Usage } from "../journal/usage.ts";
import type { ModelSettings, ToolSpec } from "../generation/model.ts";
import type { ModelChoice } from "../generation/prepare-routes.ts";
import type { PreparedRoute } from "../generation/route.ts";
import type { Json, JsonObject } from "../std/json.ts";
import type { InputSchema } from "../tools/schema.ts";
import type { Tool, ToolDefinition } from "../tools/tool.ts";
import type { Policies, PolicyFacts } from "./policies.ts";
import type { LabelOptions } from "./provenance.ts";
import type { Gate, GateOptions, Postcondition } from "./intent.ts";
import type { Claims } from "./report.ts";

/** One turn as a stop condition sees it (the AI SDK's step). */
export interface StepView {
  readonly text: string;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: Json }[];
}

/** True ends the run as succeeded. Called after a turn's calls have settled. */
export type StopCondition = (view: {
  readonly steps: readonly StepView[];
  readonly receipts: readonly Receipt[];
  readonly usage: Usage;
}) => boolean | PromiseLike<boolean>;

/** Stops after this many turns; unlike the limit `turnsMax`, reaching it is a success. */
export function stepCount(count: number): StopCondition {
  return ({ steps }) => steps.length >= count;
}

/** Stops after a turn that called this tool. */
export function calledTool(toolName: string): StopCondition {
  return ({ steps }) => steps.at(-1)?.toolCalls.some((call) => call.toolName === toolName) ?? false;
}

/** What is known of a run when its model is chosen. */
export interface RunView {
  readonly runId: string;
  readonly input: Json;
}

export interface AgentDefinition<Input = never> extends ModelSettings {
  readonly name: string;
  /**
   * One model, or routes in the order in which they are tried. A function picks by run; it must
   * give the same answer for the same run.
   */
  readonly model: ModelChoice | ((run: RunView) => ModelChoice);
  /** The system prompt. */
  readonly instructions: string;
  readonly tools?: Readonly<Record<string, ToolDefinition>>;
  /** What `start` accepts; absent: any JSON. */
  readonly inputSchema?: unknown;
  /** The first user message; absent: the input itself when a string, else its JSON. */
  prompt?(input: Input): string;
  readonly stopWhen?: StopCondition | readonly StopCondition[];
  /** Limits of each run; `start` may lower them. */
  readonly limits?: Partial<RunLimits>;
  /** Streams answers, so that `onDelta` of the harness sees them grow. */
  readonly stream?: boolean;
  /**
   * A call of which nobody knows whether it happened: `tell` (default) tells the model and lets
   * the run go on, never to `succeeded`; `park` waits for a person to settle it.
   */
  readonly inDoubt?: "tell" | "park";
  /** What must hold, and what must not be, for a run to succeed: `must(…)`, `never(…)`. */
  readonly done?: readonly Postcondition<Input>[];
  /** What a run on this input must do, or decline with a reason. Asked once, at the start. */
  obligations?(input: Input): readonly Obligation[];
  /** How the end of a run is checked. */
  readonly gate?: GateOptions;
  /** Cedar policies: paths or globs, or texts. They decide each call; without any, all may be. */
  readonly policies?: Policies;
  /** `observe`: policies decide nothing, and the journal says what they would have. */
  readonly policyMode?: "enforce" | "observe";
  /** What policies see as `context.facts`. */
  readonly facts?: PolicyFacts<Input>;
  /** Values are followed to where they come from; see the tools' `labels` and `sensitive`. */
  readonly labels?: LabelOptions;
  /** What each run may spend, reserved before it is spent. */
  readonly budget?: Budget & {
    /** The same as `limits.turnsMax` and `limits.wallMs`, for one place to say what a run may. */
    readonly turns?: number;
    readonly wallMs?: number;
    /** A budget without room: `end` (default) the run, or `ask` a person and wait. */
    readonly onExhausted?: "end" | "ask";
  };
  /**
   * `obliged`: an effect that no obligation asks for is refused, but for tools that oblige
   * themselves. Default `any`.
   */
  readonly effects?: "any" | "obliged";
  /** `cited`: the last answer names every effect by the id its tool returned. Default `free`. */
  readonly report?: "free" | "cited";
}

export interface Agent {
  readonly name: string;
  readonly definition: AgentDefinition;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly toolSpecs: readonly ToolSpec[];
  readonly inputSchema: InputSchema | null;
  readonly settings: ModelSettings;
  readonly limits: RunLimits;
  readonly stopWhen: readonly StopCondition[];
  readonly gate: Gate;
  readonly policies: PolicySet | null;
  readonly report: "free" | "cited";
  /** What the tools' authors say a final answer may claim. */
  readonly claims: readonly Claims[];
  readonly fingerprints: JsonObject;
  readonly routesFor: (run: RunView) => Promise<readonly PreparedRoute[]>;
}

export const defaultRunLimits: RunLimits = {
  callsMax: 200,
  tokensMax: 5_000_000,
  turnsMax: 50,
  wallMs: 24 * 3_600_000,
};

/** Types an agent definition; it adds nothing at run time. */
export function agent<Input = Json>(definition: AgentDefinition<Input>): AgentDefinition<Input> {
  return definition;
}
