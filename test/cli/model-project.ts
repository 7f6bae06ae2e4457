/** A project whose one agent asks a model that a test serves or describes. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { folder, FRONT_DOOR, type Setting } from "./command.ts";

export interface ModelProject {
  /** As it is written in the config, in TypeScript. */
  readonly model: string;
  /** Further members of the config, each with its comma. */
  readonly config?: string;
}

export function modelProject({ model, config = "" }: ModelProject): Setting {
  const text = `
import { agent, defineConfig } from ${JSON.stringify(FRONT_DOOR)};
const desk = agent({ name: "desk", model: ${model}, instructions: "Help." });
export default defineConfig({ agents: [desk], ${config} });
`;
  return { cwd: folder({ "bridle.config.ts": text, "package.json": '{"type":"module"}' }) };
}

/** Listens until the test ends; the base URL of what would be a model there. */
export async function listening(
  answer: RequestListener,
  make: (answer: RequestListener) => Server = createServer,
): Promise<string> {
  const server = make((request, response) => {
    request.resume();
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://127.0.0.1:${port}/v1`;
}
