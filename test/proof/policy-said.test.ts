import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describesMethod,
  plain,
  saysAmount,
  saysBags,
  saysOriginalMethod,
  saysWords,
} from "../../proof/policy/said.ts";
import {
  asksCompensation,
  hasAgreed,
  isReasonKnown,
  reasonsGiven,
} from "../../proof/policy/talk.ts";
import type { PaymentMethod, User } from "../../proof/tau/airline/db.ts";
import type { Said } from "../../proof/tau/recorded.ts";

const agent = (text: string): Said => ({ by: "agent", text });
const customer = (text: string): Said => ({ by: "customer", text });

describe("an amount", () => {
  const cents = fc.integer({ min: 100, max: 9_999_999 });

  it("is said with thousands commas or without, and with its cents", () => {
    fc.assert(
      fc.property(cents, (amount) => {
        const dollars = amount / 100;
        const grouped = dollars.toLocaleString("en-US", { minimumFractionDigits: 2 });
        expect(saysAmount(plain(`That makes $${grouped}.`), dollars)).toBe(true);
        expect(saysAmount(plain(`a refund of ${dollars.toFixed(2)} dollars`), -dollars)).toBe(true);
      }),
    );
  });

  it("is not said by a longer number that holds its digits", () => {
    fc.assert(
      fc.property(cents, fc.integer({ min: 1, max: 9 }), (amount, digit) => {
        const dollars = Math.floor(amount / 100);
        expect(saysAmount(plain(`$${digit}${dollars}`), dollars)).toBe(false);
        expect(saysAmount(plain(`$${dollars}${digit}`), dollars)).toBe(false);
        expect(saysAmount(plain(`$${dollars}.${digit}5`), dollars)).toBe(false);
      }),
    );
  });
});

describe("words", () => {
  it("stand by themselves, in any case and emphasis", () => {
    expect(saysWords(plain("Your **HAT069** leaves at 6."), "hat069")).toBe(true);
    expect(saysWords(plain("in basic_economy"), "basic economy")).toBe(true);
    expect(saysWords(plain("HAT0691"), "HAT069")).toBe(false);
    expect(saysWords(plain("anything"), "")).toBe(false);
  });

  it.each([
    ["three checked bags, please", 3, true],
    ["3 suitcases", 3, true],
    ["another bag", 1, true],
    ["3 passengers. One bag.", 3, false],
    ["- Passengers: 3\n- Bags: 1", 3, false],
    ["- Passengers: 3\n- Bags: 1", 1, true],
    ["three", 3, false],
  ])("about bags: %j names %i: %s", (text, count, expected) => {
    expect(saysBags(plain(text), count)).toBe(expected);
  });
});

describe("a payment method", () => {
  const visa: PaymentMethod = {
    source: "credit_card",
    id: "credit_card_4421486",
    brand: "visa",
    last_four: "7447",
  };
  const gift: PaymentMethod = { source: "gift_card", id: "gift_card_100", amount: 80 };
  const otherGift: PaymentMethod = { source: "gift_card", id: "gift_card_200", amount: 50 };
  const userWith = (...methods: readonly PaymentMethod[]): User => ({
    name: { first_name: "A", last_name: "B" },
    address: {},
    email: "",
    dob: "",
    saved_passengers: [],
    membership: "regular",
    reservations: [],
    payment_methods: Object.fromEntries(methods.map((method) => [method.id, method])),
  });

  it("is described by its kind only where the customer has one of that kind", () => {
    const words = plain("I would like to use my gift card");
    expect(describesMethod(words, userWith(visa, gift), gift)).toBe(true);
    expect(describesMethod(words, userWith(visa, gift, otherGift), gift)).toBe(false);
    expect(describesMethod(plain("the $50 gift card"), userWith(gift, otherGift), otherGift)).toBe(
      true,
    );
  });

  it("that is a card is not described by a gift card, nor by a sum of something else", () => {
    const user = userWith(visa, gift, otherGift);
    expect(describesMethod(plain("with my gift card"), user, visa)).toBe(false);
    expect(describesMethod(plain("put it on my card"), user, visa)).toBe(true);
    expect(describesMethod(plain("That costs $80\nby gift card"), user, gift)).toBe(false);
  });

  it.each([
    ["Please use my original form of payment", true],
    ["the same payment method as before", true],
    ["the same flight, another card", false],
  ])("is the original one or not: %j is %s", (text, expected) => {
    expect(saysOriginalMethod(plain(text))).toBe(expected);
  });

  it("is described by the end of its number", () => {
    expect(describesMethod(plain("the card ending in 7447"), userWith(visa, gift), visa)).toBe(
      true,
    );
    expect(describesMethod(plain("the card ending in 7448"), userWith(visa, gift), gift)).toBe(
      false,
    );
  });
});

describe("what a customer says", () => {
  it.each([
    ["Yes, please proceed.", true],
    ["Sounds good to me.", true],
    ["No, not that one.", false],
    ["I am not sure, can you confirm the price before I confirm?", false],
    ["What does it cost?", false],
  ])("agrees or not: %j is %s", (text, expected) => {
    expect(hasAgreed([agent("Shall I?"), customer(text)])).toBe(expected);
  });

  it("agrees to nothing when nothing was put to them", () => {
    expect(hasAgreed([customer("Yes, hello")])).toBe(false);
    expect(hasAgreed([agent("Shall I?")])).toBe(false);
  });

  it("agrees with the latest words only", () => {
    const talk = [agent("This one?"), customer("Yes"), agent("And that one?"), customer("Hm.")];
    expect(hasAgreed(talk)).toBe(false);
  });

  it("names a reason in their own words, not in the agent's", () => {
    expect(reasonsGiven([customer("I am sick and there is a storm")])).toEqual([
      "health",
      "weather",
    ]);
    expect(reasonsGiven([agent("Is it health or weather?"), customer("Neither")])).toEqual([]);
  });

  it("gives a reason when asked for one, and not by the question alone", () => {
    const asked = agent("What is the reason for cancelling?");
    expect(isReasonKnown([asked])).toBe(false);
    expect(isReasonKnown([asked, customer("My cat has a birthday")])).toBe(true);
    expect(isReasonKnown([customer("Cancel it")])).toBe(false);
  });

  it("asks for compensation in their own words", () => {
    expect(asksCompensation([customer("I want to be compensated for this")])).toBe(true);
    expect(asksCompensation([agent("Would you like a voucher?"), customer("ok")])).toBe(false);
  });
});
