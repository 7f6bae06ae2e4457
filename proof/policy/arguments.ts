/** Reading a call's arguments without refusing any: what does not fit, the tool itself refuses. */
import { isJsonObject, type JsonObject } from "../../src/std/json.ts";
import type { AirlineDb, Reservation } from "../tau/airline/db.ts";
import { isList } from "../tau/shape.ts";

/** One flight on one day, as the tools name it. */
export interface Leg {
  readonly flight_number: string;
  readonly date: string;
}

/** What tells one flight of a reservation from another. */
export function legKey(leg: Leg): string {
  return `${leg.flight_number} ${leg.date}`;
}

/** The flights that a call asks for. */
export function flightsOf(input: JsonObject): readonly Leg[] {
  return objectsOf(input, "flights").map((flight) => ({
    flight_number: textOf(flight, "flight_number"),
    date: textOf(flight, "date"),
  }));
}

/** An argument as text, "" when it is none: the tool itself refuses what does not fit. */
export function textOf(input: JsonObject, name: string): string {
  const value = input[name];
  return typeof value === "string" ? value : "";
}

/** An argument as a number, 0 when it is none. */
export function numberOf(input: JsonObject, name: string): number {
  const value = input[name];
  return typeof value === "number" ? value : 0;
}

/** An argument as a list of objects; whatever is no object is left out. */
export function objectsOf(input: JsonObject, name: string): readonly JsonObject[] {
  const value = input[name];
  return isList(value) ? value.filter(isJsonObject) : [];
}

/** The reservation that a call names, if there is one. */
export function reservationOf(db: AirlineDb, input: JsonObject): Reservation | undefined {
  return db.reservations.get(textOf(input, "reservation_id"));
}
