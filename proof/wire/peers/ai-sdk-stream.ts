import { streamText } from "ai";
import { errorMessage } from "../../../src/std/error.ts";
import type { Claim } from "../score.ts";
import { AI_SDK_VERSION, aiSdkSettings, claimOf } from "./ai-sdk.ts";
import { RETRIES_MAX, type Peer } from "./peer.ts";

/** Streams, with the retries that begin after the first event switched on. */
export const aiSdkStream: Peer = {
  name: "AI SDK streamText",
  version: AI_SDK_VERSION,
  settings:
    `maxRetries and streamRetries ${RETRIES_MAX}, jsonSchema with validate, isStepCount, ` +
    "firstChunkMs, chunkMs, a patient fetch",
  play: async (desk, at) => {
    const failed: Claim[] = [];
    const result = streamText({
      ...aiSdkSettings(desk, at, true),
      streamRetries: RETRIES_MAX,
      timeout: { firstChunkMs: at.patienceMs, chunkMs: at.patienceMs },
      onError: () => undefined,
    });
    try {
      // Errors after the first event are parts of the stream, not throws.
      for await (const part of result.stream) {
        if (part.type === "error") failed.push(failure(part.error));
        if (part.type === "abort") failed.push({ claimedDone: false, error: "aborted" });
      }
      return failed[0] ?? claimOf(await result.finishReason, await result.text);
    } catch (thrown) {
      return failed[0] ?? failure(thrown);
    }
  },
};

function failure(thrown: unknown): Claim {
  return { claimedDone: false, error: errorMessage(thrown) };
}
