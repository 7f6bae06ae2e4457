import { generateText } from "ai";
import { errorMessage } from "../../../src/std/error.ts";
import { AI_SDK_VERSION, aiSdkSettings, claimOf } from "./ai-sdk.ts";
import { RETRIES_MAX, type Peer } from "./peer.ts";

/** Whole answers: what a request fails with is retried as long as its status is worth it. */
export const aiSdkGenerate: Peer = {
  name: "AI SDK generateText",
  version: AI_SDK_VERSION,
  settings: `maxRetries ${RETRIES_MAX}, jsonSchema with validate, isStepCount, a patient fetch`,
  play: async (desk, at) => {
    try {
      const { finishReason, text } = await generateText(aiSdkSettings(desk, at, false));
      return claimOf(finishReason, text);
    } catch (thrown) {
      return { claimedDone: false, error: errorMessage(thrown) };
    }
  },
};
