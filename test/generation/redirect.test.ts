import { once as onceEvent } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { scriptedModel } from "../../src/chaos/door.ts";
import { serve } from "../chaos/served.ts";
import { agentOf, play } from "../orchestration/world.ts";

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await onceEvent(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`F5: a redirect (${status}) to another server is told, and gets neither prompt nor key`, async () => {
    const reached: IncomingHttpHeaders[] = [];
    const other = await listening((request, response) => {
      reached.push(request.headers);
      response.end("{}");
    });
    const first = await listening((request, response) => {
      response.writeHead(status, { location: `http://${other}${request.url}` });
      response.end();
    });
    for (const stream of [false, true]) {
      const model = { baseURL: `http://${first}/v1`, modelId: "m", headers: { "x-api-key": "k" } };
      const { outcome } = await play(agentOf(model, { stream }));
      expect(outcome.kind).toBe("failed_recoverable");
      expect(outcome.reason.message).toContain(`(HTTP ${status}): the address redirects to`);
      expect(outcome.reason.message).toContain(other);
    }
    expect(reached).toEqual([]);
  });
}

test("a redirect within one server is followed, and one in a circle is given up", async () => {
  const model = scriptedModel([{ text: "Done." }]);
  const server = await serve({ models: () => model });
  let asked = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked += 1;
    if (request.url?.startsWith("/moved") === true) {
      const body = await buffer(request);
      const answered = await fetch(`${server.urlFor("")}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: body,
      });
      response.writeHead(answered.status, { "content-type": "application/json" });
      response.end(await answered.text());
      return;
    }
    const to = request.url?.startsWith("/v1") === true ? "/moved" : (request.url ?? "");
    response.writeHead(308, { location: to });
    response.end();
  };
  const gateway = await listening((request, response) => void answer(request, response));
  const done = await play(agentOf({ baseURL: `http://${gateway}/v1`, modelId: "m" }));
  expect(done.outcome.text).toBe("Done.");
  expect(asked).toBe(2);
  const lost = await play(agentOf({ baseURL: `http://${gateway}/circle`, modelId: "m" }));
  expect(lost.outcome.kind).toBe("failed_recoverable");
  expect(asked).toBeLessThanOrEqual(2 + 6);
});
