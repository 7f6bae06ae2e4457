/** An agent as its author writes it, and as the harness keeps it. */
import type { Budget } from "../governance/budget.ts";
import { checkBudget } from "../governance/budget-check.ts";
import { PLAN_TOOL } from "../governance/plan.ts";
import type { PolicySet } from "../governance/policy/load.ts";
import type { RunLimits } from "../journal/event.ts";
import type { Obligation } from "../journal/intent.ts";
import type { Receipt } from "../journal/receipt.ts";
import type { Usage } from "../journal/usage.ts";
import type {
  LanguageModel,
  ModelReference,
  ModelSettings,
  ToolSpec,
} from "../generation/model.ts";
import { resolveModel } from "../generation/resolve.ts";
import { BridleError } from "../std/error.ts";
import { hashJson } from "../std/hash.ts";
import type { Json, JsonObject } from "../std/json.ts";
import { readSchema, type InputSchema } from "../tools/schema.ts";
import { prepareTool, type Tool, type ToolDefinition } from "../tools/tool.ts";
import { planTool } from "./plan-tool.ts";
import { preparePolicies, type Policies, type PolicyFacts } from "./policies.ts";
import type { LabelOptions } from "./provenance.ts";
import { prepareGate, type Gate, type GateOptions, type Postcondition } from "./intent.ts";
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
  /** A function picks by run; it must give the same answer for the same run. */
  readonly model: ModelReference | ((run: RunView) => ModelReference);
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
  readonly modelFor: (run: RunView) => Promise<LanguageModel>;
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

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/**
 * Checks a definition, its tools, policies and model. Throws with the next step; starts nothing.
 * Policy files are looked for from `cwd`, by default the process's folder.
 */
export async function prepareAgent(definition: AgentDefinition, cwd?: string): Promise<Agent> {
  const { name, instructions, tools: given = {}, model } = definition;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new BridleError("agent_invalid", `An agent needs a name, not ${JSON.stringify(name)}`, {
      hint: "Use letters, digits, dot, _ and -, at most 100 of them.",
    });
  }
  if (typeof instructions !== "string") {
    throw new BridleError("agent_invalid", `Agent "${name}" has no instructions`, {
      hint: "Add instructions: a string that says what it is for and what it must not do.",
    });
  }
  const tools = new Map<string, Tool>();
  for (const [toolName, tool] of Object.entries(given)) {
    const prepared = await prepareTool(toolName, tool);
    checkTwins(tools, prepared);
    tools.set(toolName, prepared);
  }
  if (definition.labels?.plan === "frozen") {
    tools.set(PLAN_TOOL, await planTool(tools));
  }
  const toolSpecs = [...tools.values()].map(toolSpec);
  const fixed = typeof model === "function" ? null : await resolveModel(model);
  const inputSchema =
    definition.inputSchema === undefined
      ? null
      : await readSchema(definition.inputSchema, `Agent "${name}"`);
  const stopWhen = definition.stopWhen ?? [];
  const where = `Agent "${name}"`;
  const members = ["onExhausted"];
  checkBudget(definition.budget ?? {}, where, { members, tools: [...tools.keys()] });
  return {
    name,
    definition,
    tools,
    toolSpecs,
    inputSchema,
    settings: settingsOf(definition),
    limits: limitsOf(definition, where),
    stopWhen: Array.isArray(stopWhen) ? stopWhen : [stopWhen],
    gate: await prepareGate(definition, { where, tools: [...tools.keys()] }),
    policies: await preparePolicies(definition, {
      name,
      tools: [...tools.values()],
      ...(cwd === undefined ? {} : { cwd }),
    }),
    report: definition.report ?? "free",
    claims: [...tools.values()].flatMap(claimsOf),
    fingerprints: fingerprintsOf(definition, toolSpecs, tools),
    modelFor: async (run) =>
      fixed ?? resolveModel(typeof model === "function" ? model(run) : model),
  };
}

/** Names that differ only in case are confused by models and by people. */
function checkTwins(tools: ReadonlyMap<string, Tool>, added: Tool): void {
  for (const known of tools.keys()) {
    if (known.toLowerCase() !== added.name.toLowerCase()) continue;
    throw new BridleError("tool_invalid", `Two tools of one name: "${known}", "${added.name}"`, {
      hint: "Rename one of them.",
    });
  }
}

/** Where limits and budget name the same, the lower counts. */
function limitsOf({ limits = {}, budget = {} }: AgentDefinition, where: string): RunLimits {
  const own = { ...defaultRunLimits, ...limits };
  const { turns = own.turnsMax, wallMs = own.wallMs } = budget;
  checkLimits({ ...own, turnsMax: turns, wallMs }, `${where}, budget`);
  return checkLimits(
    { ...own, turnsMax: Math.min(own.turnsMax, turns), wallMs: Math.min(own.wallMs, wallMs) },
    where,
  );
}

function claimsOf(tool: Tool): readonly Claims[] {
  const { claims: phrases = [] } = tool.definition;
  return phrases.length === 0 ? [] : [{ tool: tool.name, phrases }];
}

function toolSpec(tool: Tool): ToolSpec {
  const { name, description, strict } = tool;
  return { name, description, strict, inputSchema: tool.schema.jsonSchema };
}

function settingsOf(definition: AgentDefinition): ModelSettings {
  const { maxOutputTokens, temperature, topP, seed, stopSequences, reasoning } = definition;
  const { providerOptions } = definition;
  const isLength = Number.isSafeInteger(maxOutputTokens) && Number(maxOutputTokens) > 0;
  if (maxOutputTokens !== undefined && !isLength) {
    const message = `Agent "${definition.name}": maxOutputTokens cannot be ${maxOutputTokens}`;
    throw new BridleError("limit_invalid", message, {
      hint: "Give a whole number of tokens above 0, or leave it out.",
    });
  }
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stopSequences === undefined ? {} : { stopSequences }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
  };
}

function fingerprintsOf(
  definition: AgentDefinition,
  toolSpecs: readonly ToolSpec[],
  tools: ReadonlyMap<string, Tool>,
): JsonObject {
  const digests = [...tools.values()].map((tool) => [tool.name, tool.fingerprint.slice(0, 16)]);
  return {
    agent: hashJson({ instructions: definition.instructions, tools: toolSpecs }).slice(0, 16),
    tools: Object.fromEntries(digests),
  };
}

/** Every limit a positive whole number. */
export function checkLimits(limits: RunLimits, where: string): RunLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new BridleError("limit_invalid", `${where}: the limit ${name} is ${String(value)}`, {
      hint: "Limits are positive whole numbers; leave one out for its default.",
    });
  }
  return limits;
}
