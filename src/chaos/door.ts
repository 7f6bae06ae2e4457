/** The published names of `bridle/chaos`. */
export type { Action, ActionScript } from "./action-script.ts";
export { readCallMark, type CallMark } from "./call-mark.ts";
export { chatFailure, type ChatErrorParts } from "./chat.ts";
export type {
  AssistantMessage,
  ChatAnswer,
  ChatError,
  ChatFailure,
  ChatMessage,
  ChatReply,
  ChatRequest,
  ChatTool,
  ChatToolCall,
  ChatUsage,
  FinishReason,
  NeutralFailure,
  PromptMessage,
  ToolMessage,
  WrittenFailure,
} from "./chat.ts";
export { startWireServer, type WireClient, type WireServer } from "./wire-server.ts";
export type { ServedRequest, WireServerOptions } from "./wire-options.ts";
export { dialects } from "./exchange.ts";
export type {
  Dialect,
  ExchangeRecord,
  FaultContext,
  FaultGroup,
  FaultPlan,
  Frame,
  FrameKind,
  Planned,
  PlannedFault,
  RateGate,
  Step,
  WireFault,
} from "./exchange.ts";
export {
  DEFAULT_FAULT_MIX,
  FAULT_KINDS,
  type DecisionKind,
  type FaultCounts,
  type FaultKind,
  type FaultMix,
} from "./decision-fault.ts";
export {
  killPointFromEnv,
  killPoints,
  withKillPoint,
  type KillAt,
  type KillOptions,
  type KillPoint,
} from "./kill-point.ts";
export type { ChatModel } from "./model.ts";
export { oracleModel } from "./oracle-model.ts";
export {
  scriptedModel,
  type AnswerStep,
  type FailStep,
  type ScriptedCall,
  type ScriptedModel,
  type ScriptedStep,
} from "./scripted-model.ts";
export { servedModel } from "./served-model.ts";
export { simulatedModel, type SimulatedModel } from "./simulated-model.ts";
export type { SimulatedDecision, SimulatedScript } from "./simulation.ts";
export { toolFaults, type ToolFault } from "./tool-fault.ts";
export { startToolProxy, type ToolProxy, type ToolProxyOptions } from "./tool-proxy.ts";
export type { ToolOccasion } from "./tool-plan.ts";
export type { ToolExchange, ToolFaultCounts, ToolProxyReport } from "./tool-report.ts";
export { wireFaults, findFault, parseFaultSpec } from "./faults/catalogue.ts";
export { faultPlan, type FaultPlanOptions } from "./fault-plan.ts";
export type { FaultSpec, FaultTime } from "./fault-spec.ts";
export { profileNames, type ProfileName } from "./profile.ts";
export { rateGate } from "./rate-gate.ts";
export {
  chaosReporter,
  type ChaosReport,
  type ChaosReporter,
  type FaultTally,
  type Waits,
} from "./report.ts";
export { echoModel, standInModel } from "./stand-in-model.ts";
