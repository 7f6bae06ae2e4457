/** What a change would cost, as the tools will charge it. US dollars; below zero, a refund. */
import type { JsonObject } from "../../src/std/json.ts";
import type { AirlineDb, Reservation } from "../tau/airline/db.ts";
import { flightsOf, legKey, numberOf, textOf, type Leg } from "./arguments.ts";
import type { Moment } from "./moment.ts";

const BAG_USD = 50;

/** A flight that stays in the same cabin keeps its price; any other is sold at today's. */
export function chargeOfChange({ db, input }: Moment, reservation: Reservation): number {
  const cabin = textOf(input, "cabin");
  const before = reservation.flights.reduce((total, { price }) => total + price, 0);
  const after = flightsOf(input).reduce((total, leg) => {
    const kept = reservation.flights.find((flight) => legKey(flight) === legKey(leg));
    const isKept = kept !== undefined && cabin === reservation.cabin;
    return total + (isKept ? kept.price : priceToday(db, leg, cabin));
  }, 0);
  return (after - before) * reservation.passengers.length;
}

/** Only bags beyond those already paid for cost anything. */
export function chargeOfBags(input: JsonObject, reservation: Reservation): number {
  const added = numberOf(input, "nonfree_baggages") - reservation.nonfree_baggages;
  return BAG_USD * Math.max(0, added);
}

/** 0 for a seat that is not on sale: the tool refuses it. */
function priceToday(db: AirlineDb, leg: Leg, cabin: string): number {
  const day = db.flights.get(leg.flight_number)?.dates[leg.date];
  return day?.status === "available" ? (day.prices[cabin] ?? 0) : 0;
}
