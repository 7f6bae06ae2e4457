/** `bridle`: the front door. */
export { agent, calledTool, stepCount } from "./orchestration/agent.ts";
export type { AgentDefinition, StopCondition } from "./orchestration/agent.ts";
export { harness } from "./engines/embedded/harness.ts";
export { embedded } from "./engines/embedded/embedded.ts";
export { drainOnSignals } from "./engines/embedded/signals.ts";
export type { Harness, HarnessOptions } from "./orchestration/harness.ts";
export type { StartOptions } from "./orchestration/accept.ts";
export { must, never } from "./orchestration/intent.ts";
export type { Run } from "./orchestration/run-handle.ts";
export { tool } from "./tools/tool.ts";
export type { ToolContext, ToolDefinition } from "./tools/tool.ts";
export {
  happened,
  idempotent,
  notHappened,
  once,
  read,
  transactional,
  unknownYet,
} from "./tools/effect.ts";
export { ToolError } from "./tools/tool-error.ts";
export type { CompatibleModel, ModelReference } from "./generation/model.ts";
export { costUsd, type PriceList } from "./generation/price.ts";
export { memoryStore } from "./journal/memory-store.ts";
export type { JournalStore } from "./journal/store.ts";
export type { JournalEvent } from "./journal/event.ts";
export type { Outcome } from "./journal/outcome.ts";
export type { RunState } from "./journal/run.ts";
export type { Receipt } from "./journal/receipt.ts";
export { defineConfig, type Config } from "./cli/define-config.ts";
export { BridleError, isBridleError } from "./std/error.ts";
