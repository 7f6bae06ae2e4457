import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { repairHistory } from "../../src/generation/history-repair.ts";
import { anyHistory, user } from "./any-history.ts";
import { serveMaker } from "./wire-makers.ts";
import { ask, converse, maker, names } from "./wire-talk.ts";

/** Histories that are refused as they are, and why: else that they are taken says nothing. */
const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ["openai.responses", "openai.chat", /no tool output before/],
  ["openai.responses", "anthropic", /type validation failed/i],
  ["openai.responses", "google", /0 responses to 1 calls/],
  ["openai.responses", "mistral", /the id call_/],
  ["anthropic", "openai.responses", /no item srvtoolu_1/],
  ["anthropic", "openai.chat", /no tool output before/],
  ["anthropic", "google", /0 responses to 1 calls/],
  ["anthropic", "mistral", /the id toolu_01/],
  ["google", "mistral", /the id g1/],
  ["google", "openai.chat", /no tool output before/],
  ["google", "openai.responses", /no item/],
  ["moonshot", "anthropic", /the id functions.weather:0/],
  ["moonshot", "mistral", /the id functions.weather:0/],
];

describe("a history that one provider made", () => {
  for (const from of names) {
    for (const to of names.filter((name) => name !== from)) {
      test(`${from} made is taken by ${to}, and by its strict form`, async () => {
        const { history, provider: made } = await converse(maker(from));
        const served = await serveMaker(maker(to));
        const { provider } = served.model;
        for (const strict of [false, true]) {
          const { messages } = repairHistory(history, { provider, madeBy: () => made, strict });
          expect((await ask(served, messages)).why).toBe("");
        }
      });
    }

    test(`${from} made goes back to it untouched`, async () => {
      const { history, provider } = await converse(maker(from));
      const served = await serveMaker(maker(from));
      const { messages, repairs } = repairHistory(history, { provider, madeBy: () => provider });
      expect(repairs).toEqual([]);
      for (const [index, message] of messages.entries()) expect(message).toBe(history[index]);
      expect((await ask(served, messages)).why).toBe("");
    });

    test(`${from} made goes back to it in the strict form when it refused`, async () => {
      const { history, provider } = await converse(maker(from));
      const served = await serveMaker(maker(from));
      const target = { provider, madeBy: () => provider, strict: true };
      const { messages } = repairHistory(history, target);
      expect((await ask(served, messages)).why).toBe("");
    });
  }

  for (const [from, to, why] of REFUSED) {
    test(`${from} made is refused by ${to} as it is`, async () => {
      const { history } = await converse(maker(from));
      const served = await serveMaker(maker(to));
      expect((await ask(served, history)).why).toMatch(why);
    });
  }
});

describe("a history broken in any way", () => {
  for (const to of names) {
    test(`is taken by ${to} once it is repaired`, async () => {
      const served = await serveMaker(maker(to));
      const { provider } = served.model;
      const property = fc.asyncProperty(anyHistory, fc.boolean(), async (history, strict) => {
        const broken = [...history, user("And now?")];
        const madeBy = (): undefined => undefined;
        const { messages } = repairHistory(broken, { provider, madeBy, strict });
        expect((await ask(served, messages)).why).toBe("");
      });
      await fc.assert(property, { numRuns: 60 });
      expect(served.requests()).toBeGreaterThanOrEqual(60);
    });
  }
});
