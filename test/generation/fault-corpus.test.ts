import { describe, expect, test } from "vitest";
import { classifyFault, faultOfFinish } from "../../src/generation/fault/classify.ts";
import { faultHint } from "../../src/generation/fault/hint.ts";
import { modelFaultKinds } from "../../src/journal/model-fault.ts";
import { NOW } from "./corpus/row.ts";
import { corpus } from "./fault-corpus.ts";
import { finishes } from "./corpus/finishes.ts";

const about = { provider: "openai.responses", modelId: "gpt-5.2" };

for (const [group, rows] of Object.entries(corpus)) {
  describe(group, () => {
    for (const { name, thrown, fault, status, arrived, hasBegun, says } of rows) {
      test(name, () => {
        const source = { thrown, now: NOW, ...(arrived === undefined ? {} : { arrived }) };
        const classified = classifyFault(source);
        const { message, ...rest } = classified;
        expect(rest).toEqual({
          ...fault,
          ...(status === undefined ? {} : { status }),
          ...(hasBegun === undefined ? {} : { hasBegun }),
        });
        expect(message).not.toMatch(/\n|<[a-z!/]|^$/i);
        expect(message.length).toBeLessThanOrEqual(500);
        expect(message).toMatch(says ?? /\S/);
        expect(faultHint(classified, about)).toMatch(/^[A-Z].{20,}\.$/);
      });
    }
  });
}

describe("the end of a whole answer", () => {
  for (const { name, finish, about: finished, fault } of finishes) {
    test(name, () => {
      const hasBegun = finished?.isStreamed === true ? { hasBegun: true } : {};
      const message: unknown = expect.stringMatching(/\S/);
      const expected = fault === null ? null : { ...fault, message, ...hasBegun };
      expect(faultOfFinish(finish, finished)).toEqual(expected);
    });
  }
});

describe("the corpus", () => {
  const all = Object.values(corpus).flat();

  test("is wide, and says nothing twice", () => {
    expect(all.length).toBeGreaterThanOrEqual(160);
    for (const rows of Object.values(corpus)) {
      expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    }
  });

  test("reaches every kind that a provider can cause", () => {
    const ends = finishes.flatMap(({ fault }) => (fault === null ? [] : [fault.kind]));
    const reached = new Set([...all.map(({ fault }) => fault.kind), ...ends]);
    // Which model answered is compared by whoever asked; nothing is thrown.
    expect(modelFaultKinds.filter((kind) => !reached.has(kind))).toEqual(["model_switched"]);
  });

  test("is told apart: no kind has one message for all", () => {
    const messages = new Set(all.map(({ thrown }) => classifyFault({ thrown, now: NOW }).message));
    expect(messages.size).toBeGreaterThan(120);
  });
});
