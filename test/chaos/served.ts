import { onTestFinished } from "vitest";
import {
  scriptedModel,
  startWireServer,
  type ChatModel,
  type ScriptedStep,
  type WireServer,
  type WireServerOptions,
} from "../../src/chaos/door.ts";

/** A server that closes with the test. */
export async function serve(options: WireServerOptions): Promise<WireServer> {
  const server = await startWireServer(options);
  onTestFinished(() => server.close());
  return server;
}

export interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Posts a chat request: a body as it is; an object as JSON. */
export async function post(baseUrl: string, body: unknown): Promise<Posted> {
  return postTo(`${baseUrl}/chat/completions`, body);
}

/** The same to any address. */
export async function postTo(url: string, body: unknown): Promise<Posted> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** What a server with such a script answers to one request; the run's key is "r 1". */
export async function askScript(
  steps: readonly ScriptedStep[],
  urlOf: (server: WireServer) => string,
  body: unknown,
): Promise<Posted> {
  const model = scriptedModel(steps);
  const server = await serve({ models: (runKey) => (runKey === "r 1" ? model : undefined) });
  return postTo(urlOf(server), body);
}

export const greeter: ChatModel = {
  name: "greeter",
  answer: () => ({ kind: "answer", text: "Fine.", finishReason: "stop" }),
};

/** Text and two calls in one answer. */
export const spoken: ScriptedStep = {
  text: "Let me look that up.",
  calls: [{ name: "find", arguments: { order: "A1", why: "asked" } }, { name: "list" }],
};

export async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

/** The smallest body that is accepted, with members replaced. */
export function body(members: Record<string, unknown> = {}): Record<string, unknown> {
  return { model: "any", messages: [{ role: "user", content: "Hi" }], ...members };
}

/** The data of each server-sent event, in order. */
export function eventsOf(text: string): string[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""));
}

export interface NamedEvent {
  /** The `event:` line, where there is one. */
  readonly event: string | undefined;
  readonly data: ReturnType<typeof JSON.parse>;
}

/** Server-sent events whose data is JSON, each with its name. */
export function namedEventsOf(text: string): NamedEvent[] {
  if (!text.endsWith("\n\n")) throw new Error("the stream ends inside an event");
  return text
    .slice(0, -2)
    .split("\n\n")
    .map((event) => {
      const match = /^(?:event: (.+)\n)?data: (.+)$/.exec(event);
      if (match === null) throw new Error(`not an event: ${event}`);
      return { event: match[1], data: JSON.parse(match[2] ?? "") };
    });
}
