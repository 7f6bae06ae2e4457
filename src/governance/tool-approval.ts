/**
 * The AI SDK's `toolApproval`, as a decision point: the same configuration, a function or one
 * status or function for each tool, decides here at the one place that every call passes.
 *
 * What differs is what follows. `user-approval` waits durably for one of the harness's `people`,
 * bound to the exact call; nothing that a client sends can approve it. `approved` means that this
 * configuration has nothing against the call: a tool's own `needsApproval` still asks.
 */
import { BridleError } from "../std/error.ts";
import type { DecisionPoint, DecisionRequest, Verdict } from "./decide.ts";

/** The AI SDK's type of the same name. */
export type ToolApprovalStatus =
  | undefined
  | "not-applicable"
  | "approved"
  | "denied"
  | "user-approval"
  | { readonly type: "not-applicable"; readonly reason?: never }
  | { readonly type: "approved"; readonly reason?: string }
  | { readonly type: "denied"; readonly reason?: string }
  | { readonly type: "user-approval"; readonly reason?: string };

type Answer = ToolApprovalStatus | PromiseLike<ToolApprovalStatus>;

/**
 * A `ToolApprovalConfiguration` of any tools. Parameters are the author's own types: of the AI
 * SDK, or written beside them.
 */
export type ToolApprovalConfig =
  | ((options: never) => Answer)
  | {
      readonly [tool: string]: ToolApprovalStatus | ((input: never, options: never) => Answer);
    };

/** What the configuration's functions are handed beside the call. */
export interface ToolApprovalContext {
  readonly tools?: object;
  readonly toolsContext?: Readonly<Record<string, unknown>>;
  readonly runtimeContext?: unknown;
}

/** Throws `policy_invalid` for what is no configuration: a misspelt status would allow. */
export function toolApproval(
  config: ToolApprovalConfig,
  context: ToolApprovalContext = {},
): DecisionPoint {
  checkConfig(config);
  return async (request) => verdictOf(await ask(config, request, context), request.tool);
}

function ask(
  config: ToolApprovalConfig,
  request: DecisionRequest,
  context: ToolApprovalContext,
): unknown {
  const { tool: toolName, input, callId, toolCallId = callId, messages = [] } = request;
  const { tools, toolsContext = {}, runtimeContext = {} } = context;
  if (typeof config === "function") {
    const toolCall = { type: "tool-call", toolCallId, toolName, input };
    // The author's own types, those of the version of the AI SDK in use.
    return config({ toolCall, tools, toolsContext, runtimeContext, messages } as never);
  }
  // A tool may be named like something that every object inherits.
  if (!Object.hasOwn(config, toolName)) return undefined;
  const own = config[toolName];
  if (typeof own !== "function") return own;
  const toolContext = Object.hasOwn(toolsContext, toolName) ? toolsContext[toolName] : {};
  // The author's own types again; the schema has checked the input.
  return own(input as never, { toolCallId, messages, toolContext, runtimeContext } as never);
}

function verdictOf(status: unknown, tool: string): Verdict {
  const rules = [`tool-approval/${tool}`];
  const { type, reason } = partsOf(status);
  switch (type) {
    case undefined:
    case "not-applicable":
      return { kind: "allow", rules: [] };
    case "approved":
      return { kind: "allow", rules };
    case "denied":
      return { kind: "deny", rules, reason: reason ?? "the tool's approval setting denies it" };
    case "user-approval":
      return { kind: "ask", rules, question: reason ?? `May ${tool} be called?` };
    default:
      return { kind: "deny", rules, reason: `toolApproval gave no status for ${tool}` };
  }
}

function partsOf(status: unknown): { readonly type: unknown; readonly reason?: string } {
  if (typeof status !== "object") return { type: status };
  if (status === null || !("type" in status)) return { type: null };
  const reason = "reason" in status && typeof status.reason === "string" ? status.reason : "";
  // An object without a type is no status, an absent one is.
  return { type: status.type ?? null, ...(reason === "" ? {} : { reason }) };
}

const known: readonly unknown[] = [
  undefined,
  "not-applicable",
  "approved",
  "denied",
  "user-approval",
];

function checkConfig(config: unknown): void {
  if (typeof config === "function") return;
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new BridleError("policy_invalid", "toolApproval takes a function or an object by tool", {
      hint: 'Write toolApproval({ refund: "user-approval" }).',
    });
  }
  for (const [tool, status] of Object.entries(config)) {
    if (typeof status === "function" || known.includes(partsOf(status).type)) continue;
    throw new BridleError("policy_invalid", `toolApproval has no status for "${tool}"`, {
      hint: "It is approved, denied, user-approval, not-applicable, or a function that says so.",
    });
  }
}
