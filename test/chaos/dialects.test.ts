/** What holds in every dialect alike. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pieces } from "../../src/chaos/dialects/answer-pieces.ts";
import {
  dialects,
  scriptedModel,
  type ChatModel,
  type Dialect,
  type Frame,
  type FrameKind,
  type ScriptedStep,
  type WireServer,
} from "../../src/chaos/door.ts";
import { seededRandom } from "../../src/std/random.ts";
import { postTo, serve } from "./served.ts";

interface Speech {
  readonly url: (server: WireServer, runKey: string, stream: boolean) => string;
  readonly body: (stream: boolean, text?: string) => Record<string, unknown>;
  /** The kinds of frames of an answer with a text and a call, repeats taken together. */
  readonly kinds: readonly FrameKind[];
  /** The message of an error body. */
  readonly errorOf: (body: ReturnType<typeof JSON.parse>) => string;
}

const messages = (text = "Hi"): object[] => [{ role: "user", content: text }];

const speeches: Readonly<Record<Dialect, Speech>> = {
  "openai-chat": {
    url: (server, runKey) => `${server.urlFor(runKey)}/chat/completions`,
    body: (stream, text) => ({
      model: "any",
      messages: messages(text),
      stream,
      stream_options: { include_usage: true },
    }),
    kinds: ["role", "text", "tool_name", "arguments", "finish", "usage", "done"],
    errorOf: (body) => body.error.message,
  },
  "openai-responses": {
    url: (server, runKey) => `${server.urlFor(runKey)}/responses`,
    body: (stream, text = "Hi") => ({ model: "any", input: text, stream }),
    kinds: ["role", "text", "part_end", "tool_name", "arguments", "part_end", "done"],
    errorOf: (body) => body.error.message,
  },
  anthropic: {
    url: (server, runKey) => `${server.urlFor(runKey, "anthropic")}/v1/messages`,
    body: (stream, text) => ({ model: "any", max_tokens: 9, messages: messages(text), stream }),
    kinds: [
      "role",
      "ping",
      "text",
      "part_end",
      "tool_name",
      "arguments",
      "part_end",
      "finish",
      "done",
    ],
    errorOf: (body) => body.error.message,
  },
  gemini: {
    url: (server, runKey, stream) =>
      `${server.urlFor(runKey, "gemini")}/models/any:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: (_stream, text = "Hi") => ({ contents: [{ role: "user", parts: [{ text }] }] }),
    kinds: ["text", "arguments", "finish"],
    errorOf: (body) => body.error.message,
  },
};

const step: ScriptedStep = {
  text: "Good morning to you all 👋🏽 👋🏽",
  call: { name: "find", arguments: { order: "A1", why: "the customer asked for it" } },
};

/** Says the same whatever the position, and however often it is asked. */
const talker: ChatModel = {
  name: "talker",
  answer: (request) => scriptedModel([step]).answer(request),
};

describe.each(dialects)("%s", (dialect) => {
  const { url, body, kinds, errorOf } = speeches[dialect];

  test.each([true, false])(
    "gives the same bytes for the same request, stream %s",
    async (stream) => {
      const texts = new Set<string>();
      for (const chunked of [false, true, true]) {
        const server = await serve({ models: () => talker, chunked });
        for (let n = 0; n < 2; n++) {
          const { status, text } = await postTo(url(server, "r", stream), body(stream));
          expect(status).toBe(200);
          texts.add(text);
        }
      }
      expect(texts.size).toBe(1);
      const server = await serve({ models: () => talker });
      texts.add((await postTo(url(server, "another", stream), body(stream))).text);
      expect(texts.size).toBe(2);
    },
  );

  test("names the kind of each frame, and brings texts and arguments in pieces", async () => {
    let frames: readonly Frame[] = [];
    const look = {
      name: "look",
      group: "stream" as const,
      summary: "Looks at the frames.",
      frames: (seen: readonly Frame[]) => (frames = seen),
    };
    const plan = {
      next: () => [{ fault: look, argument: undefined, random: seededRandom(1) }],
    };
    const server = await serve({ models: () => talker, faults: plan });
    const { text } = await postTo(url(server, "r", true), body(true));
    const seen = frames.map(({ kind }) => kind);
    expect(seen.filter((kind, index) => kind !== seen[index - 1])).toEqual(kinds);
    expect(seen.filter((kind) => kind === "text").length).toBeGreaterThanOrEqual(2);
    expect(seen.filter((kind) => kind === "arguments").length).toBeGreaterThanOrEqual(
      dialect === "gemini" ? 1 : 2,
    );
    expect(text.match(/^data: /gm)).toHaveLength(frames.length);
    expect(text.isWellFormed()).toBe(true);
  });

  test("tells in its own shape of a run that is not known", async () => {
    const server = await serve({ models: () => undefined });
    const { status, text } = await postTo(url(server, "other", false), body(false));
    expect(status).toBe(404);
    expect(errorOf(JSON.parse(text))).toBe("There is no model for the run key 'other'.");
  });

  test("tells in its own shape that a model broke down", async () => {
    const broken: ChatModel = {
      name: "broken",
      answer: () => {
        throw new Error("no such luck");
      },
    };
    const server = await serve({ models: () => broken });
    const { status, text } = await postTo(url(server, "r", true), body(true));
    expect(status).toBe(500);
    expect(errorOf(JSON.parse(text))).toContain("no such luck");
  });

  test("sends a failure that a script wrote as it is written", async () => {
    const model = scriptedModel([
      { fail: { status: 413, body: "<html>", headers: { "Content-Type": "text/html" } } },
      { text: "Hello." },
    ]);
    const server = await serve({ models: () => model });
    const { status, headers, text } = await postTo(url(server, "r", true), body(true));
    expect([status, headers.get("content-type"), text]).toEqual([413, "text/html", "<html>"]);
    expect((await postTo(url(server, "r", true), body(true))).status).toBe(200);
  });

  test("refuses a body of more than 32 MiB, and one that is no JSON object", async () => {
    const server = await serve({ models: () => talker });
    const large = body(false, "x".repeat(32 * 1024 * 1024));
    const refused = await postTo(url(server, "r", false), large);
    expect(refused.status).toBe(413);
    expect(errorOf(JSON.parse(refused.text))).toContain("32 MiB");
    const list = await postTo(url(server, "r", false), "[]");
    expect(list.status).toBe(400);
    expect(errorOf(JSON.parse(list.text))).toContain("must be a JSON object");
  });
});

test("a text is cut in two to five pieces, none of which splits a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
      const cut = pieces(text);
      expect(cut.join("")).toBe(text);
      expect(cut.every((piece) => piece !== "" && piece.isWellFormed())).toBe(true);
      const characters = Array.from(text).length;
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(2, characters));
      expect(cut.length).toBeLessThanOrEqual(5);
    }),
  );
});

test("each client has the base URL that it wants", async () => {
  const server = await serve({ models: () => talker });
  const run = `${server.url}/r/a%20b`;
  expect(server.urlFor("a b")).toBe(`${run}/v1`);
  expect(server.urlFor("a b", "openai")).toBe(`${run}/v1`);
  expect(server.urlFor("a b", "anthropic")).toBe(run);
  expect(server.urlFor("a b", "ai-sdk-anthropic")).toBe(`${run}/v1`);
  expect(server.urlFor("a b", "gemini")).toBe(`${run}/v1beta`);
  expect(server.urlFor("a b", "google-genai")).toBe(run);
  expect(server.urlFor("", "anthropic")).toBe(server.url);
});
