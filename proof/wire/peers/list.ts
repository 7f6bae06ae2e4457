import { aiSdkGenerate } from "./ai-sdk-generate.ts";
import { aiSdkStream } from "./ai-sdk-stream.ts";
import { bareLoop } from "./bare-loop.ts";
import { openaiAgentsStream } from "./openai-agents.ts";
import type { Peer } from "./peer.ts";

/** In the order of the tables. */
export const peers: readonly Peer[] = [bareLoop, aiSdkGenerate, aiSdkStream, openaiAgentsStream];
