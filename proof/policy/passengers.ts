/** Where a passenger's particulars come from: the customer's words, or the airline's own rows. */
import type { JsonObject } from "../../src/std/json.ts";
import type { AirlineDb, User } from "../tau/airline/db.ts";
import type { Said } from "../tau/recorded.ts";
import { textOf } from "./arguments.ts";
import { saysDate, saysWords } from "./said.ts";
import { wordsOf } from "./talk.ts";

/** A name or a date of birth is left empty. */
export function isIncomplete(passenger: JsonObject): boolean {
  return ["first_name", "last_name", "dob"].some((name) => textOf(passenger, name).trim() === "");
}

/**
 * How many of these passengers have a name or a date of birth that the customer has not said and
 * that stands nowhere in their profile or reservations: nobody has collected it.
 */
export function countUncollected(
  passengers: readonly JsonObject[],
  from: { readonly db: AirlineDb; readonly user: User | undefined; readonly talk: readonly Said[] },
): number {
  const { db, user, talk } = from;
  const words = wordsOf(talk, "customer");
  const known = user === undefined ? [] : peopleOf(db, user);
  const isKnown = (passenger: JsonObject, name: string): boolean =>
    known.some((person) => textOf(person, name) === textOf(passenger, name));
  return passengers.filter((passenger) => {
    const isNamed = ["first_name", "last_name"].every(
      (name) => saysWords(words, textOf(passenger, name)) || isKnown(passenger, name),
    );
    const dob = textOf(passenger, "dob");
    const hasYear = saysWords(words, dob.slice(0, 4));
    return !isNamed || !((hasYear && saysDate(words, dob)) || isKnown(passenger, "dob"));
  }).length;
}

/** Everybody the airline knows in connection with a customer, themself first. */
function peopleOf(db: AirlineDb, user: User): readonly JsonObject[] {
  const travelled = user.reservations.flatMap((reservationId) => {
    return db.reservations.get(reservationId)?.passengers ?? [];
  });
  return [{ ...user.name, dob: user.dob }, ...user.saved_passengers, ...travelled];
}
