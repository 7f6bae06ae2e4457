/**
 * Whether a value was said, in whichever way people and models write such a value. Nothing is
 * guessed: a value that was said in a way not listed here counts as unsaid.
 */
import type { PaymentMethod, User } from "../tau/airline/db.ts";

/** Lower case, no emphasis, no thousands commas, one space between words; lines stay lines. */
export function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/(\d),(?=\d{3}\b)/g, "$1")
    .replace(/[*_`]+/g, " ")
    .replace(/[’]/g, "'")
    .replace(/[^\S\n]+/g, " ");
}

/** True when the words stand in the plain text, not inside other words or numbers. */
export function saysWords(text: string, words: string): boolean {
  const wanted = plain(words).trim();
  if (wanted === "") return false;
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(?<![a-z0-9])${escaped}(?![a-z0-9])`).test(text);
}

/** True when the amount of dollars stands in the plain text, with or without its cents. */
export function saysAmount(text: string, dollars: number): boolean {
  const fixed = Math.abs(dollars).toFixed(2);
  const [whole = "", cents = ""] = fixed.split(".");
  const tail = cents === "00" ? String.raw`(?:\.00?)?` : String.raw`\.${cents.replace(/0$/, "0?")}`;
  return new RegExp(String.raw`(?<![\d.])${whole}${tail}(?!\d|\.\d)`).test(text);
}

const NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"];

/** True when a sentence about bags names this number of them, in digits or in a word. */
export function saysBags(text: string, count: number): boolean {
  const word = NUMBER_WORDS[count];
  const one = count === 1 ? "|an?|another|extra|additional" : "";
  const number = new RegExp(`\\b(${count}${word === undefined ? "" : `|${word}`}${one})\\b`);
  return text
    .split(/[.!?;\n](?!\d)/)
    .some((part) => /\b(bags?|baggages?|luggage|suitcases?)\b/.test(part) && number.test(part));
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A day of the year in figures, or the month's name with the day before or after it. */
export function saysDate(text: string, date: string): boolean {
  const [, month = "", day = ""] = date.split("-");
  const [m, d] = [Number(month), Number(day)];
  const name = `${MONTHS[m - 1] ?? "?"}[a-z]*\\.?`;
  const th = `0?${d}(st|nd|rd|th)?`;
  const forms = [date, `0?${m}/0?${d}`, `${name} (the )?${th}`, `${th} (of )?${name}`];
  return new RegExp(`(?<![a-z0-9])(${forms.join("|")})(?![a-z0-9])`).test(text);
}

/**
 * True when the plain text describes this payment method. A description that fits another method
 * of the same customer as well, "my gift card" where there are two, describes neither.
 */
export function describesMethod(text: string, user: User, method: PaymentMethod): boolean {
  const others = Object.values(user.payment_methods).filter(({ id }) => id !== method.id);
  const taken = new Set(others.flatMap((other) => descriptionsOf(other).map(({ form }) => form)));
  return descriptionsOf(method).some(({ form, isIn }) => !taken.has(form) && isIn(text));
}

/** True when the plain text speaks of paying as the reservation was paid for. */
export function saysOriginalMethod(text: string): boolean {
  return /\b(original|same) (form of |method of )?(payment|card|method)\b/.test(text);
}

/** One way to name a method. Two methods with the same `form` cannot be told apart by it. */
interface Description {
  readonly form: string;
  readonly isIn: (text: string) => boolean;
}

function descriptionsOf(method: PaymentMethod): readonly Description[] {
  const words = (form: string): Description => ({
    form,
    isIn: (text) => saysWords(text, form),
  });
  const number = method.id.replace(/^\D+/, "");
  const numbers = [words(method.id), words(number), words(number.slice(-4))];
  if (method.source === "credit_card") {
    // A gift card is no card in this sense.
    const card = { form: "card", isIn: (text: string) => /(?<!gift )\bcard\b/.test(text) };
    return [...numbers, words(method.last_four), words(method.brand), card];
  }
  const { amount } = method;
  const kind = method.source === "gift_card" ? "gift card" : "certificate";
  const worth = {
    form: `${kind} of ${amount}`,
    isIn: (text: string) =>
      text.split("\n").some((line) => saysWords(line, kind) && saysAmount(line, amount)),
  };
  return [...numbers, words(kind), worth];
}
