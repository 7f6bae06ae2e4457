/**
 * The details of a write that the customer must have been told before they agree to it, and which
 * of them nobody has said.
 *
 * M1 A detail counts as said when either side has said it before the write.
 * M2 A payment method counts as said when the customer described it, or when an agent's text
 *    described it and no other method of the profile: a text that names several offers a choice.
 *    "The original payment" describes what the reservation was first paid with.
 * M3 What the customer would pay or get back is one sum, computed from the database.
 */
import type { JsonObject } from "../../src/std/json.ts";
import type { Reservation, User } from "../tau/airline/db.ts";
import { ownMethod } from "../tau/airline/users.ts";
import {
  flightsOf,
  legKey,
  numberOf,
  objectsOf,
  reservationOf,
  textOf,
  type Leg,
} from "./arguments.ts";
import { chargeOfBags, chargeOfChange } from "./fares.ts";
import type { Moment } from "./moment.ts";
import { cabinNow } from "./resource.ts";
import {
  describesMethod,
  plain,
  saysAmount,
  saysBags,
  saysDate,
  saysOriginalMethod,
  saysWords,
} from "./said.ts";

/** The kinds of details, as the rules name them. */
export type Detail =
  | "reservation"
  | "flights"
  | "dates"
  | "cabin"
  | "passengers"
  | "amount"
  | "split"
  | "payment"
  | "bags";

interface Wanted {
  readonly detail: Detail;
  readonly isSaid: boolean;
}

/** What the write would do that nobody has said. Sorted, each kind once. */
export function unsaidDetails(moment: Moment, reservation: Reservation | undefined): string[] {
  const unsaid = wantedOf(moment, reservation).filter(({ isSaid }) => !isSaid);
  return [...new Set(unsaid.map(({ detail }) => detail))].toSorted();
}

function wantedOf(moment: Moment, reservation: Reservation | undefined): readonly Wanted[] {
  const { tool, input } = moment;
  const texts = moment.talk.map(({ text }) => plain(text));
  const isSaid = (test: (text: string) => boolean): boolean => texts.some(test);
  const words = (detail: Detail, value: string): Wanted => ({
    detail,
    isSaid: isSaid((text) => saysWords(text, value)),
  });
  const dollars = (detail: Detail, value: number): Wanted => ({
    detail,
    isSaid: value === 0 || isSaid((text) => saysAmount(text, value)),
  });
  const named = words("reservation", textOf(input, "reservation_id"));
  switch (tool) {
    case "book_reservation": {
      const payments = objectsOf(input, "payment_methods");
      const amounts = payments.map((payment) => numberOf(payment, "amount"));
      const total = amounts.reduce((sum, amount) => sum + amount, 0);
      return [
        ...flightsOf(input).flatMap((leg) => legWanted(leg, texts)),
        { detail: "cabin", isSaid: isSaid((text) => saysCabin(text, textOf(input, "cabin"))) },
        ...objectsOf(input, "passengers").map((one) => passengerWanted(one, texts)),
        dollars("amount", total),
        ...amounts.map((amount) => dollars("split", amount)),
        ...payments.map((payment) => paymentWanted(moment, textOf(payment, "payment_id"))),
        bagsWanted(texts, [numberOf(input, "total_baggages")]),
      ];
    }
    case "update_reservation_flights": {
      if (reservation === undefined) return [named];
      const charge = chargeOfChange(moment, reservation);
      const kept = new Set(reservation.flights.map(legKey));
      const isNewCabin = textOf(input, "cabin") !== cabinNow(moment.made, reservation);
      return [
        named,
        ...flightsOf(input)
          .filter((leg) => !kept.has(legKey(leg)))
          .flatMap((leg) => legWanted(leg, texts)),
        {
          detail: "cabin",
          isSaid: !isNewCabin || isSaid((text) => saysCabin(text, textOf(input, "cabin"))),
        },
        dollars("amount", charge),
        ...(charge === 0 ? [] : [paymentWanted(moment, textOf(input, "payment_id"))]),
      ];
    }
    case "update_reservation_baggages": {
      if (reservation === undefined) return [named];
      const total = numberOf(input, "total_baggages");
      const charge = chargeOfBags(input, reservation);
      return [
        named,
        bagsWanted(texts, [total, total - reservation.total_baggages]),
        dollars("amount", charge),
        ...(charge === 0 ? [] : [paymentWanted(moment, textOf(input, "payment_id"))]),
      ];
    }
    case "update_reservation_passengers":
      return [named, ...objectsOf(input, "passengers").map((one) => passengerWanted(one, texts))];
    case "cancel_reservation":
      return [named];
    case "send_certificate":
      return [dollars("amount", numberOf(input, "amount"))];
    default:
      return [];
  }
}

function legWanted(leg: Leg, texts: readonly string[]): readonly Wanted[] {
  return [
    { detail: "flights", isSaid: texts.some((text) => saysWords(text, leg.flight_number)) },
    { detail: "dates", isSaid: texts.some((text) => saysDate(text, leg.date)) },
  ];
}

function passengerWanted(passenger: JsonObject, texts: readonly string[]): Wanted {
  const name = `${textOf(passenger, "first_name")} ${textOf(passenger, "last_name")}`;
  return { detail: "passengers", isSaid: texts.some((text) => saysWords(text, name)) };
}

function bagsWanted(texts: readonly string[], counts: readonly number[]): Wanted {
  const isSaid =
    counts[0] === 0 || counts.some((count) => texts.some((text) => saysBags(text, count)));
  return { detail: "bags", isSaid };
}

function paymentWanted(moment: Moment, paymentId: string): Wanted {
  const { db, input, tool, talk } = moment;
  const user = payerOf(moment);
  const method = user === undefined ? undefined : ownMethod(user, paymentId);
  if (user === undefined || method === undefined) return { detail: "payment", isSaid: false };
  const used = new Set(
    tool === "book_reservation"
      ? objectsOf(input, "payment_methods").map((payment) => textOf(payment, "payment_id"))
      : [paymentId],
  );
  const others = Object.values(user.payment_methods).filter(({ id }) => !used.has(id));
  const isOriginal = reservationOf(db, input)?.payment_history[0]?.payment_id === paymentId;
  const isSaid = talk.some(({ by, text }) => {
    const words = plain(text);
    if (isOriginal && saysOriginalMethod(words)) return true;
    if (!describesMethod(words, user, method)) return false;
    return by === "customer" || !others.some((other) => describesMethod(words, user, other));
  });
  return { detail: "payment", isSaid };
}

/** Whose money it is: the reservation's own customer, or the one a booking is for. */
function payerOf({ db, input }: Moment): User | undefined {
  const reservation = db.reservations.get(textOf(input, "reservation_id"));
  return db.users.get(reservation?.user_id ?? textOf(input, "user_id"));
}

/** "economy" inside "basic economy" is another cabin. */
function saysCabin(text: string, cabin: string): boolean {
  const kept = cabin === "economy" ? text.replaceAll("basic economy", " ") : text;
  return saysWords(kept, cabin);
}
