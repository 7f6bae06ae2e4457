import { describe, expect, test } from "vitest";
import type { RequestListener } from "node:http";
import {
  answerWith,
  askStream,
  askWhole,
  bare,
  CLIENTS,
  events,
  eventsThenReset,
  listen,
  modelAt,
  PAGE,
} from "./corpus/exchange.ts";
import { REFUSALS } from "./corpus/refusals.ts";
import { MALFORMED } from "./corpus/row.ts";
import { STREAMS } from "./corpus/streams.ts";

const never: AbortSignal = new AbortController().signal;

describe("a refused request is the same fault through the client, whole or streamed", () => {
  for (const [client, refusals] of Object.entries(REFUSALS)) {
    for (const [status, body, fault, headers] of refusals) {
      test(`${client}: ${status} ${JSON.stringify(body).slice(0, 70)}`, async () => {
        const model = modelAt(client, await listen(answerWith(status, body, headers)));
        const expected = { ...fault, status };
        expect(bare(await askWhole(model, never))).toEqual(expected);
        expect(bare(await askStream(model, never))).toEqual(expected);
      });
    }
  }
});

describe("an error inside a stream is the fault that it says", () => {
  for (const [client, { begin, faults }] of Object.entries(STREAMS)) {
    for (const [event, fault] of faults) {
      const told = JSON.stringify(event).slice(0, 60);
      test(`${client}: after text, ${told}`, async () => {
        const model = modelAt(client, await listen(events(...begin, event)));
        const found = await askStream(model, never);
        expect(bare(found)).toEqual({ ...fault, ...mirrored(event), hasBegun: true });
      });

      test(`${client}: before anything, ${told}`, async () => {
        const model = modelAt(client, await listen(events(event)));
        expect(await askStream(model, never)).toMatchObject(fault);
      });
    }
  }
});

/** A status counts when the provider names it; those that clients guess from a code do not. */
function mirrored(event: object): { readonly status?: number } {
  const error = "error" in event ? event.error : undefined;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return typeof code === "number" ? { status: code } : {};
}

describe("a stream that is cut off is broken, after what had arrived", () => {
  for (const [client, { begin, call }] of Object.entries(STREAMS)) {
    const cuts: readonly (readonly [string, RequestListener, "text" | "arguments"])[] = [
      ["ends in the midst of text", events(...begin), "text"],
      ["is reset in the midst of text", eventsThenReset(...begin), "text"],
      ...(call.length === 0
        ? []
        : [
            [
              "ends in the midst of a call",
              events(...headOf(client), ...call),
              "arguments",
            ] as const,
          ]),
    ];
    for (const [name, answer, after] of cuts) {
      test(`${client}: ${name}`, async () => {
        const model = modelAt(client, await listen(answer));
        expect(bare(await askStream(model, never))).toMatchObject({
          kind: "stream_broken",
          after,
          hasBegun: true,
        });
      });
    }
  }

  function headOf(client: string): readonly object[] {
    return client === "anthropic" ? (STREAMS["anthropic"]?.begin.slice(0, 1) ?? []) : [];
  }
});

describe("what is no answer is malformed", () => {
  for (const client of Object.keys(CLIENTS)) {
    for (const [name, body] of [
      ["a page", PAGE],
      ["another form", { hello: "world" }],
      ["no JSON", "Hello!"],
    ] as const) {
      test(`${client}: ${name} with status 200, whole`, async () => {
        const model = modelAt(client, await listen(answerWith(200, body)));
        const found = await askWhole(model, never);
        expect(found).toMatchObject(MALFORMED);
        expect(found?.message).toMatch(body === PAGE ? /Sign in/ : /\S/);
      });
    }

    test(`${client}: events that are no JSON`, async () => {
      const answer: RequestListener = (request, response) => {
        request.resume();
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.end('data: {"half\n\n');
      };
      const model = modelAt(client, await listen(answer));
      expect(await askStream(model, never)).toMatchObject(MALFORMED);
    });

    test(`${client}: a page in place of a stream `, async () => {
      const model = modelAt(client, await listen(answerWith(200, PAGE)));
      expect(await askStream(model, never)).toMatchObject(MALFORMED);
    });
  }
});
