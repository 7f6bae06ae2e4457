import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { disguiseOf, linksIn } from "../../src/governance/disguise.ts";
import { containsWords, numberOf, numbersIn, occursIn } from "../../src/governance/literal.ts";

describe("LI1, LI2: a value is in a text as whole tokens", () => {
  const held: readonly (readonly [string, string])[] = [
    ["Pay GB29NWBK60161331926819.", "GB29NWBK60161331926819"],
    ["mail 'sarah.connor@gmail.com'.", "sarah.connor@gmail.com"],
    ["Visit Dora (www.dora-website.com) now", "www.dora-website.com"],
    ["Read www.todo.com/alice!", "www.todo.com/alice"],
    ["It is in Alice's inbox", "Alice"],
    ["move to 1234 Elm Street, New York, NY 10001 and", "New York, NY 10001"],
    ["to:Bob", "Bob"],
  ];
  const absent: readonly (readonly [string, string])[] = [
    ["mail sarah.connor@gmail.com", "connor@gmail.com"],
    ["mail sarah.connor@gmail.com", "gmail.com"],
    ["see a.com.evil.org", "a.com"],
    ["see https://a.com/x", "a.com"],
    ["see a.com/x", "a.com"],
    ["pay 1,000", "1"],
    ["at 10:30", "10"],
    ["at 10:30", "30"],
    ["ask O'Brien", "Brien"],
    ["ask Bobby", "Bob"],
    ["ask Bob", "bob"],
    ["café", "café".normalize("NFD")],
    ["order 0012-34", "0012"],
    ["anything", ""],
    ["a b", " b"],
  ];
  for (const [text, value] of held) {
    test(`${value} is in "${text}"`, () => expect(occursIn(text, value)).toBe(true));
  }
  for (const [text, value] of absent) {
    test(`"${value}" is not in "${text}"`, () => expect(occursIn(text, value)).toBe(false));
  }

  test("no proper part of a mail address is in a text that says only the address", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
    fc.assert(
      fc.property(
        fc.tuple(part, part, part),
        fc.nat(),
        fc.nat(),
        ([one, two, host], from, length) => {
          const address = `${one}.${two}@${host}.org`;
          const start = from % address.length;
          const cut = address.slice(start, start + 1 + (length % address.length));
          fc.pre(cut !== address);
          // No other words in the text: a part might be one of them.
          expect(occursIn(`§ ${address}, §`, cut)).toBe(false);
          expect(occursIn(`§ ${address}, §`, address)).toBe(true);
        },
      ),
    );
  });
});

test("a name is chosen by its words, whole and in order", () => {
  expect(containsWords("grocery-list.docx", "Grocery list")).toBe(true);
  expect(containsWords("Spotify Premium", "spotify")).toBe(true);
  expect(containsWords("Spotify Premium", "Spot")).toBe(false);
  expect(containsWords("list of grocery", "grocery list")).toBe(false);
  expect(containsWords("anything", "--")).toBe(false);
});

describe("LI3: numbers", () => {
  test("are the tokens that are nothing but a number", () => {
    const text = "Pay 12.00 and $1,250.50, minus -3; on 2025-01-11 at 10:30, id a7, v1.2.3, 1,5.";
    expect([...numbersIn(text)]).toEqual([12, 1250.5, -3]);
  });

  test("written with more digits than a number holds, or zeros in front, are text", () => {
    expect(numberOf("12.00")).toBe(12);
    expect(numberOf("007")).toBeNull();
    expect(numberOf("12345678901234567")).toBeNull();
    expect(numberOf("12a")).toBeNull();
  });
});

describe("a disguised value", () => {
  for (const [what, value] of [
    ["a zero-width blank", "bob\u200b@a.com"],
    ["a change of direction", "a\u202ecom"],
    ["a Cyrillic letter in a Latin word", "p\u0430ypal"],
    ["full-width letters", "\uff42ob"],
    ["a line break", "bob\nBcc: eve"],
    ["an invisible letter", "bob\u3164"],
    ["half a character", "bob\ud800"],
  ] as const) {
    test(`is seen: ${what}`, () => expect(disguiseOf(value)).not.toBeNull());
  }
  for (const value of ["bob@a.com", "Zürich", "Москва", "東京 1-2", "GB29 NWBK"]) {
    test(`is not ${value}`, () => expect(disguiseOf(value)).toBeNull());
  }
});

describe("links in a text", () => {
  const found: readonly (readonly [string, readonly string[]])[] = [
    ["Look: www.evil.com!", ["www.evil.com"]],
    ["go to evil.co/x?k=1, now", ["evil.co/x?k=1"]],
    ["[x](https://evil.com/a)", ["https://evil.com/a"]],
    ["at 10.0.0.1/leak", ["10.0.0.1/leak"]],
    ["javascript:alert(1)", ["javascript:alert(1"]],
    ["evil\u200b.com", ["evil.com"]],
    ["ｅｖｉｌ．ｃｏｍ", ["evil.com"]],
    ["see notes.txt and e.g. 3.50, a@b.org. Next", []],
  ];
  for (const [text, links] of found) {
    test(`of "${text}" are ${links.join(" ") || "none"}`, () =>
      expect(linksIn(text)).toEqual(links));
  }
});
