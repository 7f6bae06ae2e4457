/** What the demo's customers buy and write. `{item}`, `{order}` and `{amount}` are filled in. */

export const FIRST_NAMES: readonly string[] = (
  "Amina Bruno Chiara Dmitri Elif Farid Greta Hugo Ines Jonas Kamala Liam Mei Noor " +
  "Olga Pedro Rosa Sven Tara Yusuf"
).split(" ");

export const LAST_NAMES: readonly string[] = (
  "Adeyemi Bergström Costa Dubois Eriksen Ferrari García Haddad Ito Jansen Kowalski " +
  "Lindqvist Moreau Novak O'Brien Petrov Rossi Schmidt"
).split(" ");

/** Everyday goods, well below what the desk may refund on its own. */
export const GOODS: readonly string[] = (
  "ceramic teapot, desk lamp, wool blanket, bicycle bell, cast-iron pan, backpack, " +
  "rain jacket, chess set, espresso cups, garden hose, picture frame, alarm clock, " +
  "yoga mat, hiking socks, kitchen scale, bread knife, phone case, bath towels"
).split(", ");

/** Dear goods, above it. */
export const DEAR_GOODS: readonly string[] =
  "cargo e-bike, oak dining table, mirrorless camera, washing machine, leather sofa".split(", ");

export interface Letter {
  readonly subject: string;
  readonly text: string;
}

export const BROKEN_LETTERS: readonly Letter[] = [
  {
    subject: "Arrived broken",
    text:
      "Hello, my order {order} came today and the {item} is broken, right across the middle. " +
      "The box looked fine from outside. I would like the {amount} back, please. I don't need a " +
      "new one.",
  },
  {
    subject: "Part of my order never came",
    text:
      "Hi there. Three weeks ago I ordered {order}. Everything is here but the {item}. Your " +
      "courier says it was never scanned. Please refund me for it.",
  },
  {
    subject: "wrong item!!",
    text:
      "this is not the {item} i paid for in {order}. completely different thing, i already " +
      "dropped it off at your return point on friday. where are my {amount}?",
  },
  {
    subject: "Not as described",
    text:
      "Dear team, the {item} (order {order}) is a good deal smaller than the page says. I have " +
      "sent it back with your label and the tracking says you have had it since Monday. Could " +
      "you refund it to my card? Thank you very much.",
  },
  {
    subject: "Return of one item",
    text:
      "Good morning, I returned the {item} of {order} within the thirty days. The rest of the " +
      "order I keep. When can I expect my money?",
  },
];

export const SECOND_ASK_LETTERS: readonly Letter[] = [
  {
    subject: "Third time I write",
    text:
      "I have still not seen a cent for the {item} in {order}!! You promised {amount} weeks ago. " +
      "Refund it NOW or I dispute the charge.",
  },
  {
    subject: "Refund?",
    text:
      "Hi, did the refund for the {item} from order {order} ever go out? I can't find it on my " +
      "statement, so please send it again.",
  },
];

export const DEAR_LETTERS: readonly Letter[] = [
  {
    subject: "Damaged on delivery, please take it back",
    text:
      "The {item} of order {order} was dropped by the delivery crew, I have photos and their " +
      "signature. They took it away again. I expect the full {amount} back.",
  },
  {
    subject: "Withdrawal from purchase",
    text:
      "Dear Sir or Madam, I withdraw from the purchase of the {item} (order {order}) within the " +
      "legal period. It was collected yesterday. Kindly refund {amount}.",
  },
];
