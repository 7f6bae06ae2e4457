/** What an address answers that is no model's: pages, and answers in a page's clothes. */
import { describe, expect, test } from "vitest";
import { answerWith, listen } from "./corpus/exchange.ts";
import {
  attemptOver,
  clientNames,
  fetchOf,
  recordWire,
  WIRED,
  wiredModel,
} from "./wire-clients.ts";

const PAGE = "\uFEFF\n  <!DOCTYPE html><html><head><title>Sign in</title></head></html>";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a page in place of an answer", () => {
  for (const client of clientNames) {
    for (const contentType of ["text/html; charset=utf-8", "text/plain", ""]) {
      test(`${client}: with the type "${contentType}", whole and streamed`, async () => {
        for (const isStream of [true, false]) {
          const packets = Array.from(PAGE, (letter) => bytes(letter));
          const fetch = fetchOf(packets, { contentType });
          const { fault } = await attemptOver(wiredModel(client, "http://m/v1", fetch), isStream);
          expect(fault).toMatchObject({ kind: "malformed", status: 200 });
          expect(fault?.message).toContain('"Sign in"');
        }
      });
    }

    test(`${client}: in a stream of a model that is not ours`, async () => {
      const fetch = fetchOf([bytes(PAGE)], { contentType: "text/html" });
      const model = WIRED[client]?.model("http://m/v1", fetch);
      if (model === undefined) throw new Error("no model");
      expect((await attemptOver(model, true)).fault).toMatchObject({ kind: "malformed" });
    });
  }
});

describe("an answer under a content type that is not its own", () => {
  for (const client of clientNames) {
    for (const contentType of ["text/html", "text/plain", "application/octet-stream", ""]) {
      test(`${client}: "${contentType}" is the answer all the same`, async () => {
        const mine = (await recordWire()).filter((one) => one.client === client);
        expect(mine).toHaveLength(6);
        for (const { bytes: whole, isStream } of mine) {
          const packets = [whole.subarray(0, 1), whole.subarray(1, 40), whole.subarray(40)];
          const fetch = fetchOf(packets, { contentType });
          const attempt = await attemptOver(wiredModel(client, "http://m/v1", fetch), isStream);
          expect(attempt.fault?.kind ?? "none").toMatch(/none|truncated/);
          expect(attempt.kind).toBe("answered");
        }
      });
    }
  }

  test("an empty body is malformed, not an endless wait", async () => {
    for (const client of clientNames) {
      for (const isStream of [true, false]) {
        const model = wiredModel(client, "http://m/v1", fetchOf([], { contentType: "" }));
        const { fault } = await attemptOver(model, isStream);
        expect(["malformed", "stream_broken"]).toContain(fault?.kind);
      }
    }
  });
});

test.each(clientNames)(
  "%s: a status that HTTP does not have is a gateway's failure",
  async (client) => {
    for (const isStream of [true, false]) {
      const baseURL = await listen(answerWith(999, { error: { message: "Request denied" } }));
      const { fault } = await attemptOver(wiredModel(client, baseURL, fetch), isStream);
      expect(fault).toMatchObject({ kind: "unavailable", status: 502 });
      expect(fault?.message).toMatch(/Request denied|Bad Gateway|unknown/);
    }
  },
);
