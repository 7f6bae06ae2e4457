/** Another model answers than the one that was asked. */
import type { WireFault } from "../exchange.ts";
import { onObjects, without } from "./json-tree.ts";

/** Where each dialect names the model. */
const MEMBERS = ["model", "modelVersion"] as const;

const OTHER_MODEL = "simulated/another-model-mini";

export const modelFaults: readonly WireFault[] = [
  {
    name: "model_switched",
    group: "model",
    summary: "the answer comes from another model than the one asked, and only its name says so",
    ...onObjects((object) => {
      const named = MEMBERS.find((member) => typeof object[member] === "string");
      return named === undefined ? object : { ...object, [named]: OTHER_MODEL };
    }),
  },
  {
    name: "model_unnamed",
    group: "model",
    summary: "the answer does not say which model it comes from",
    ...onObjects((object) => without(object, ...MEMBERS)),
  },
];
