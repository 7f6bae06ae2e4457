import type { LanguageModelV4 } from "@ai-sdk/provider";
import { resolveModel } from "../generation/resolve.ts";
import { BridleError } from "../std/error.ts";
import { startWireServer } from "./wire-server.ts";
import type { ChatModel } from "./model.ts";

/**
 * A simulated model as an AI SDK model object, for first steps without a key. The first request
 * starts a chat server on a free port of this machine, and every request goes to it through the
 * real OpenAI-compatible client. The server does not keep the process alive.
 */
export function servedModel(model: ChatModel): LanguageModelV4 {
  let connected: Promise<LanguageModelV4> | undefined;
  const connect = (): Promise<LanguageModelV4> => {
    connected ??= serve(model).catch((thrown: unknown) => {
      // The next request tries again.
      connected = undefined;
      throw thrown;
    });
    return connected;
  };
  return {
    specificationVersion: "v4",
    provider: "chaos",
    modelId: model.name,
    supportedUrls: {},
    doGenerate: async (options) => (await connect()).doGenerate(options),
    doStream: async (options) => (await connect()).doStream(options),
  };
}

async function serve(model: ChatModel): Promise<LanguageModelV4> {
  const server = await startWireServer({ models: () => model, isBackground: true });
  const client = await resolveModel({ baseURL: server.urlFor(""), modelId: model.name });
  if (client.specificationVersion === "v4") return client;
  throw new BridleError("model_unknown", "The OpenAI-compatible client speaks another version");
}
