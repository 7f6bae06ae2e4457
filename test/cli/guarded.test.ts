import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardJson, guardText } from "../../src/cli/render/guarded.ts";
import { canonicalJson, type Json } from "../../src/std/json.ts";

describe("what a person is about to approve cannot be read as something else", () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["a text turned around", "\u202e005 ruo", "\\u202e005 ruo", "hidden"],
    ["an isolated direction", "a\u2067b\u2069", "a\\u2067b\\u2069", "hidden"],
    ["a mark of direction", "a\u200fb\u061c", "a\\u200fb\\u061c", "hidden"],
    ["a joiner without width", "ad\u200bmin\ufeff", "ad\\u200bmin\\ufeff", "hidden"],
    ["a soft hyphen", "ad\u00admin", "ad\\u00admin", "hidden"],
    ["an escape for the terminal", "\u001b[2Jgone", "\\u001b[2Jgone", "hidden"],
    ["a blank that is a letter", "a\u2800b", "a\\u2800b", "hidden"],
    ["tags that spell a text", "ok\u{e0041}\u{e0042}", "ok\\udb40\\udc41\\udb40\\udc42", "hidden"],
    ["a selector", "a\ufe0f", "a\\ufe0f", "hidden"],
    ["private use", "\ue000", "\\ue000", "hidden"],
    ["a space that is none", "a\u00a0b", "a\\u00a0b", "spaces"],
    ["a Cyrillic letter among Latin ones", "p\u0430ypal", "p\\u0430ypal", "look like others"],
    ["a Greek letter among Latin ones", "g\u03bfogle", "g\\u03bfogle", "look like others"],
    [
      "Cyrillic letters alone that read as Latin",
      "\u0440\u0430\u0443",
      "\\u0440\\u0430\\u0443",
      "look",
    ],
    ["full-width letters", "\uff21\uff22", "\\uff21\\uff22", "look"],
    ["letters of mathematics", "\u{1d400}B", "\\ud835\\udc00B", "look"],
    ["a ligature", "\ufb01ne", "\\ufb01ne", "look"],
    ["digits of another script", "\u0661\u0662", "\\u0661\\u0662", "look"],
  ];
  for (const [what, text, shown, why] of cases) {
    test(`${what} is shown as escapes, with a warning`, () => {
      const guarded = guardJson({ to: text });
      expect(guarded.text).toBe(`{"to":"${shown}"}`);
      expect(guarded.warnings).toHaveLength(1);
      expect(guarded.warnings[0]).toMatch(/^\/to /);
      expect(guarded.warnings[0]).toContain(why);
      expect(guardText(text)).toBe(shown);
    });
  }

  test("the names of members too, and inside lists", () => {
    const { warnings } = guardJson({ list: [{ "t\u043e": 1 }, "a\u200b"] });
    expect(warnings).toEqual([
      "the name /list/0/t\\u043e holds letters that look like others, shown as escapes",
      "/list/1 holds 1 hidden characters, shown as escapes",
    ]);
  });

  test("ordinary words of any language are left as they are", () => {
    const words = [
      "Zoë Müller, Łódź, São Paulo",
      "Москва, улица Ленина",
      "Ελλάδα και Κύπρος",
      "東京タワーに行く",
      "서울특별시",
      "שלום עולם",
      "مرحبا بالعالم",
      "नमस्ते",
      "line one\nline two\tand a tab",
      "DE89 3704 0044 0532 0130 00",
      "5 € or £4",
      "cafe\u0301",
      "\u0440\u0430\u0443 \u043d\u0430 \u0441\u0447\u0451\u0442",
    ];
    for (const text of words) {
      expect(guardJson({ text })).toEqual({ text: canonicalJson({ text }), warnings: [] });
    }
  });

  test("a long text is told as one, and one that cannot be shown whole is cut and told", () => {
    const long = guardJson({ note: "x".repeat(1_001) });
    expect(long.warnings).toEqual(["/note has 1001 characters: read it to its end"]);
    expect(long.text).toHaveLength(1_001 + '{"note":""}'.length);
    const cut = guardJson({ note: "x".repeat(30_000) });
    expect(cut.warnings[0]).toContain("too long to be shown whole");
    expect(cut.text).toContain("… (30011 characters)");
  });

  test("a flood of warnings is cut and counted", () => {
    const { warnings } = guardJson(Array.from({ length: 50 }, () => "\u200b"));
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe("and 30 more like these");
  });
});

const anyText = fc.string({ unit: "binary" });
const anyValue: fc.Arbitrary<Json> = fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText)));

test("what is shown is the same JSON, on one line, without anything hidden", () => {
  let escaped = 0;
  fc.assert(
    fc.property(anyValue, (value) => {
      const { text, warnings } = guardJson(value);
      fc.pre(!warnings.some((warning) => warning.includes("too long")));
      expect(JSON.parse(text)).toEqual(JSON.parse(canonicalJson(value)));
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]/u);
      if (text !== canonicalJson(value)) escaped += 1;
    }),
  );
  expect(escaped).toBeGreaterThan(20);
});
