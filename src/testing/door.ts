/**
 * `bridle/testing`: what the author of a store or an engine checks it with. The suites take any
 * function that registers a test, so they run under vitest, `node:test`, jest and mocha alike.
 */
export { storeContract } from "./store-contract.ts";
export type { OpenedStore, StoreUnderTest } from "./opened-store.ts";
export { engineContract } from "./engine-contract.ts";
export type { EngineOptions, EngineUnderTest, OpenedEngine } from "./engine-stage.ts";
export type { Register } from "./contract-case.ts";
export { fixedClock, type FixedClock } from "./fixed-clock.ts";
export { sampleRun, saying } from "./sample-run.ts";
export { verifyChain } from "../journal/record.ts";
export {
  scriptedModel,
  type AnswerStep,
  type FailStep,
  type ScriptedCall,
  type ScriptedModel,
  type ScriptedStep,
} from "../chaos/scripted-model.ts";
