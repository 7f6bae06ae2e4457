/** What a write acts on, as the rules see it: the reservation, or the customer themself. */
import type { JsonObject } from "../../src/std/json.ts";
import type { AirlineDb, FlightDate, Reservation } from "../tau/airline/db.ts";
import { reservationOf, textOf } from "./arguments.ts";
import { NOW_MS, type MadeCall, type Moment } from "./moment.ts";

export interface PolicyResource {
  readonly type: "Reservation" | "Customer";
  readonly id: string;
  readonly attributes: JsonObject;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The JSON Schemas of the attributes below, by the type of resource. */
export const RESOURCE_SCHEMAS: Readonly<Record<PolicyResource["type"], JsonObject>> = {
  Reservation: record({
    owner: "string",
    membership: "string",
    cabin: "string",
    tripType: "string",
    insured: "boolean",
    passengers: "integer",
    bags: "integer",
    cancelled: "boolean",
    bookedMinutesAgo: "integer",
    airlineCancelled: "boolean",
    flown: "boolean",
    seen: "boolean",
  }),
  Customer: record({ owner: "string", membership: "string" }),
};

function record(members: Readonly<Record<string, string>>): JsonObject {
  const properties = Object.fromEntries(
    Object.entries(members).map(([name, type]) => [name, { type }]),
  );
  return { type: "object", properties, required: Object.keys(members) };
}

/** What a tool of the airline acts on; null for one that acts on nothing of the database's. */
export function resourceTypeOf(tool: string): PolicyResource["type"] | null {
  if (tool === "book_reservation" || tool === "send_certificate") return "Customer";
  return tool === "cancel_reservation" || tool.startsWith("update_reservation_")
    ? "Reservation"
    : null;
}

/** The resource of a write, or null when the call names nothing that exists. */
export function resourceOf(moment: Moment): PolicyResource | null {
  const { db, input } = moment;
  if (resourceTypeOf(moment.tool) === "Customer") {
    const userId = textOf(input, "user_id");
    const membership = db.users.get(userId)?.membership;
    if (membership === undefined) return null;
    return { type: "Customer", id: userId, attributes: { owner: userId, membership } };
  }
  const reservation = reservationOf(db, input);
  if (reservation === undefined) return null;
  return {
    type: "Reservation",
    id: reservation.reservation_id,
    attributes: {
      owner: reservation.user_id,
      membership: db.users.get(reservation.user_id)?.membership ?? "",
      cabin: cabinNow(moment.made, reservation),
      tripType: reservation.flight_type,
      insured: reservation.insurance === "yes",
      passengers: reservation.passengers.length,
      bags: reservation.total_baggages,
      cancelled: reservation.status === "cancelled",
      bookedMinutesAgo: Math.floor((NOW_MS - Date.parse(`${reservation.created_at}Z`)) / MINUTE_MS),
      airlineCancelled: statusesOf(db, reservation).includes("cancelled"),
      flown: statusesOf(db, reservation).some(
        (status) => status === "flying" || status === "landed",
      ),
      seen: isSeen(moment.made, reservation.reservation_id),
    },
  };
}

/** The cabin bought last: the public tool sells another and leaves the row's own field alone. */
export function cabinNow(made: readonly MadeCall[], reservation: Reservation): string {
  const sold = made.findLast(
    ({ name, kind, arguments: input }) =>
      name === "update_reservation_flights" &&
      kind === "result" &&
      textOf(input, "reservation_id") === reservation.reservation_id,
  );
  return sold === undefined ? reservation.cabin : textOf(sold.arguments, "cabin");
}

/** What has become of each flight of a reservation; a day without an entry is left out. */
export function statusesOf(
  db: AirlineDb,
  reservation: Reservation,
): readonly FlightDate["status"][] {
  return reservation.flights.flatMap(({ flight_number, date }) => {
    const day = db.flights.get(flight_number)?.dates[date];
    return day === undefined ? [] : [day.status];
  });
}

/** A flight of the reservation is delayed, or flew and left or arrived after its time. */
export function isDelayed(db: AirlineDb, { flights }: Reservation): boolean {
  return flights.some(({ flight_number, date }) => {
    const flight = db.flights.get(flight_number);
    const day = flight?.dates[date];
    if (flight === undefined || day === undefined || day.status === "available") return false;
    return (
      day.status === "delayed" ||
      isAfter(day.actual_departure_time_est, date, flight.scheduled_departure_time_est) ||
      isAfter(day.actual_arrival_time_est, date, flight.scheduled_arrival_time_est)
    );
  });
}

/** The timetable says "+1" behind a time of the next day. */
function isAfter(actual: string | undefined, date: string, scheduled: string): boolean {
  const [time = "", days = "0"] = scheduled.split("+");
  const dueMs = Date.parse(`${date}T${time}Z`) + Number(days) * DAY_MS;
  return actual !== undefined && Date.parse(`${actual}Z`) > dueMs;
}

/** The agent has read this reservation in this conversation. */
export function isSeen(made: readonly MadeCall[], reservationId: string): boolean {
  return made.some(
    ({ name, kind, arguments: input }) =>
      name === "get_reservation_details" &&
      kind === "result" &&
      textOf(input, "reservation_id") === reservationId,
  );
}
