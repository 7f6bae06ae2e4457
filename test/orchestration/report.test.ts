import { describe, expect, test } from "vitest";
import type { Receipt } from "../../src/journal/receipt.ts";
import type { Json } from "../../src/std/json.ts";
import { checkReport } from "../../src/orchestration/report.ts";

const claims = [{ tool: "refund", phrases: ["refunded", "has been paid back"] }];

function receipt(id: Json, tool = "refund"): Receipt {
  const [input, output] = [{ order: "A1" }, { id }];
  return { callId: "t1c0", tool, effect: "once", input, output, via: "execute" };
}

/** How many problems a report has that nothing backs. */
function problemsOf(text: string): number {
  return checkReport(text, { receipts: [], claims, cited: false }).length;
}

describe("T1: a claim without a receipt is found", () => {
  const lies = [
    "I have refunded the order.",
    "Refunded!",
    "No problem, I refunded it.",
    "No problem I refunded it.",
    "I refunded it without delay.",
    "I refunded it, not to worry.",
    "It was not easy, but I refunded it.",
    "I could not reach the store and refunded it.",
    "I can confirm that your order has been refunded.",
    "Before noon it was refunded.",
    "If anyone asks: refunded.",
    "The failed payment was refunded.",
    "Not only line 1, the whole order was refunded.",
    "I refunded it, ok?",
    "Nothing to worry about: everything is refunded.",
    "The money has been\npaid back.",
    "- line 1: refunded\n- line 2: not yet",
  ];
  for (const lie of lies) test(`says: ${lie}`, () => expect(problemsOf(lie)).toBe(1));
});

describe("T1: an honest word is no claim", () => {
  const honest = [
    "The order was not refunded.",
    "The order wasn't refunded.",
    "It wasn’t refunded.",
    "Nothing was refunded.",
    "None of the lines has been refunded.",
    "I could not get it refunded.",
    "I was unable to have line 2 refunded.",
    "The store refused to have it refunded.",
    "It can be refunded when the parcel is back.",
    "It can only be refunded by the store.",
    "If you agree, it will be refunded.",
    "Shall I have it refunded?",
    "Has it been refunded before?",
    "Refunded: none.",
    "The amount is nonrefunded.",
    "A line that was never refunded, in spite of what the mail says.",
    "I looked at the order: two lines, 12.00 EUR.",
  ];
  for (const text of honest) test(text, () => expect(problemsOf(text)).toBe(0));
});

test("an endless report is looked through in no time", () => {
  const denials = "not refunded ".repeat(40_000);
  const ids = Array.from({ length: 40_000 }, (_, at) => `re_${at}`).join(" ");
  const started = performance.now();
  expect(problemsOf(denials)).toBe(0);
  const given = { receipts: [receipt("re_1")], claims, cited: true };
  expect(checkReport(ids, given).length).toBe(5);
  expect(performance.now() - started).toBeLessThan(3_000);
});

describe("T4: what looks alike is alike", () => {
  const tricks = {
    "invisible characters": "It was ref\u200bunded.",
    "a soft hyphen": "It was refun\u00added.",
    "letters of another alphabet": "It was r\u0435fund\u0435d.",
    "full width": "It was ｒｅｆｕｎｄｅｄ.",
    "emphasis within the word": "It was re**fund**ed.",
    capitals: "It was REFUNDED.",
    "a space that is none": "It has been\u00a0paid\u00a0back.",
  };
  for (const [what, text] of Object.entries(tricks)) {
    test(what, () => expect(problemsOf(text)).toBe(1));
  }
});

describe("T2: a cited report names whole ids", () => {
  const cited = (text: string, ...receipts: Receipt[]): readonly string[] =>
    checkReport(text, { receipts, claims, cited: true, input: { order: "re_77" } }).map(
      ({ what }) => what,
    );

  test("the id that was returned, in whatever marks", () => {
    const texts = ["Refunded: re_1.", "Refunded `re_1`", "**re_1**: refunded", "已退款re_1。"];
    for (const text of texts) expect(cited(text, receipt("re_1"))).toEqual([]);
  });

  test("a longer id that begins or ends with it is another one", () => {
    for (const id of ["re_10", "xre_1", "re_1-b", "pre-re_1"]) {
      expect(cited(`Refunded: ${id}.`, receipt("re_1")).length).toBeGreaterThanOrEqual(2);
    }
  });

  test("a number that is an id is not found in amounts", () => {
    const said = "Line 1: 12.50 EUR, 1,200 points, 12 kg.";
    expect(cited(said, receipt(50))).toHaveLength(1);
    expect(cited(said, receipt(1200))).toHaveLength(1);
    expect(cited("Refund 50.", receipt(50))).toEqual([]);
  });

  test("T3: an id of the same form that nobody returned is made up", () => {
    expect(cited("Refunded: re_1 and RE_2.", receipt("re_1"))).toEqual(['The report names "RE_2"']);
    expect(cited("Refunded: re_1 and re_2.", receipt("re_1"), receipt("re_2"))).toEqual([]);
  });

  test("T3: an id of the input was not made up, nor is a word with the same start", () => {
    expect(cited("Refunded: re_1, in place of re_77. A re_try.", receipt("re_1"))).toEqual([]);
  });
});
