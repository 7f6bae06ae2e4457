/** `bridle/governance`: what those write who decide what may happen. */
export type { DecisionPoint, DecisionRequest, Verdict } from "./decide.ts";
export type { Person } from "./approval.ts";
export { toolApproval } from "./tool-approval.ts";
export type {
  ToolApprovalConfig,
  ToolApprovalContext,
  ToolApprovalStatus,
} from "./tool-approval.ts";
export type { Condition, ForbiddenEffect, Intent, Obligation } from "../journal/intent.ts";
export type { HeldApproval } from "../journal/run.ts";
