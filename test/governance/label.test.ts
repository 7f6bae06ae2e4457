import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { integrities, joinLabels, type Label } from "../../src/governance/label.ts";
import { parsePath } from "../../src/governance/field-path.ts";
import {
  kindOfArgument,
  labelOfField,
  mayHoldUntrusted,
  prepareLabels,
  type ToolLabels,
} from "../../src/governance/tool-labels.ts";

const anyLabel: fc.Arbitrary<Label> = fc.record({
  integrity: fc.constantFrom(...integrities),
  source: fc.constantFrom("a", "b", "c", "d"),
  readers: fc.oneof(
    fc.constant("anyone" as const),
    fc.subarray(["ann", "bob", "cy"]).map((readers) => [...readers].sort()),
  ),
});

describe("LB1: joining labels", () => {
  test("does not mind order, grouping or repetition", () => {
    fc.assert(
      fc.property(anyLabel, anyLabel, anyLabel, (one, two, three) => {
        expect(joinLabels(one, two)).toEqual(joinLabels(two, one));
        expect(joinLabels(joinLabels(one, two), three)).toEqual(
          joinLabels(one, joinLabels(two, three)),
        );
        expect(joinLabels(one, one)).toEqual(one);
      }),
    );
  });

  test("never gains trust or readers", () => {
    fc.assert(
      fc.property(anyLabel, anyLabel, (one, two) => {
        const joined = joinLabels(one, two);
        for (const side of [one, two]) {
          expect(integrities.indexOf(joined.integrity)).toBeGreaterThanOrEqual(
            integrities.indexOf(side.integrity),
          );
          if (side.readers === "anyone") continue;
          expect(joined.readers).not.toBe("anyone");
          for (const reader of joined.readers) expect(side.readers).toContain(reader);
        }
      }),
    );
  });
});

describe("a tool's declared labels", () => {
  const prepared = (declared?: ToolLabels, isWrite = false) =>
    prepareLabels({ name: "mail", isWrite }, declared);
  const at = (declared: ToolLabels, path: string): string =>
    labelOfField(prepared(declared), parsePath(path)).integrity;

  test("TL1: the longest pattern decides, then the one with fewer stars, then distrust", () => {
    const output = {
      "": "platform",
      "/mails/*/body": "untrusted",
      "/mails/*/body/*": "directory",
      "/mails/0/body/*": "user",
      "/mails/*/body/footer": "untrusted",
    } as const;
    expect(at({ output }, "/count")).toBe("platform");
    expect(at({ output }, "/mails/3/id")).toBe("platform");
    expect(at({ output }, "/mails/3/body")).toBe("untrusted");
    expect(at({ output }, "/mails/3/body/head")).toBe("directory");
    expect(at({ output }, "/mails/0/body/head")).toBe("user");
    expect(at({ output }, "/mails/0/body/footer")).toBe("untrusted");
  });

  test("TL2: an undeclared field is untrusted and says which tool it came from", () => {
    expect(labelOfField(prepared({ output: { "/id": "platform" } }), ["note"])).toEqual({
      integrity: "untrusted",
      source: "mail",
      readers: "anyone",
    });
  });

  test("TL3: a write that declares nothing has sensitive arguments only; a read has none", () => {
    expect(kindOfArgument(prepared(undefined, true), ["to", "0"])).toBe("selector");
    expect(kindOfArgument(prepared({ sensitive: {} }, true), ["to"])).toBeNull();
    expect(kindOfArgument(prepared(), ["to"])).toBeNull();
  });

  test("a sensitive list makes each of its items sensitive", () => {
    const labels = prepared({ sensitive: { to: "destination", "/note/text": "content" } });
    expect(kindOfArgument(labels, ["to", "4"])).toBe("destination");
    expect(kindOfArgument(labels, ["note", "text"])).toBe("content");
    expect(kindOfArgument(labels, ["note", "id"])).toBeNull();
  });

  test("an empty list may hold untrusted things when a pattern reaches into it", () => {
    const output = { "/mails": "platform", "/mails/*/body": "untrusted", "/ids": "platform" };
    const labels = prepared({ output } as ToolLabels);
    expect(mayHoldUntrusted(labels, ["mails"])).toBe(true);
    expect(mayHoldUntrusted(labels, ["ids"])).toBe(false);
  });

  test("a slip in a declaration is told at start-up", () => {
    const wrong = { output: { "/id": "trusted" } } as unknown as ToolLabels;
    expect(() => prepared(wrong)).toThrow('"/id" is trusted');
    const kind = { sensitive: { to: "target" } } as unknown as ToolLabels;
    expect(() => prepared(kind)).toThrow('"to" is of kind target');
  });
});
