import type { Json, JsonObject } from "../../../src/std/json.ts";
import { readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { AirlineDb, Flight, FlightDate, ReservationFlight } from "./db.ts";

/** Airports served, in the order the public tool lists them. */
const AIRPORTS: Readonly<Record<string, string>> = {
  SFO: "San Francisco",
  JFK: "New York",
  LAX: "Los Angeles",
  ORD: "Chicago",
  DFW: "Dallas",
  DEN: "Denver",
  SEA: "Seattle",
  ATL: "Atlanta",
  MIA: "Miami",
  BOS: "Boston",
  PHX: "Phoenix",
  IAH: "Houston",
  LAS: "Las Vegas",
  MCO: "Orlando",
  EWR: "Newark",
  CLT: "Charlotte",
  MSP: "Minneapolis",
  DTW: "Detroit",
  PHL: "Philadelphia",
  LGA: "LaGuardia",
};

/**
 * The seat as a reservation holds it, at today's price. Refuses a flight that does not exist, is
 * not for sale that day, or has fewer seats than asked for. What else the caller wrote about the
 * flight stays, as in the public tool.
 */
export function quoteFlight(
  db: AirlineDb,
  wanted: JsonObject,
  seat: { readonly cabin: string; readonly passengers: number },
): ReservationFlight {
  const flightNumber = readText(wanted, "flight_number");
  const date = readText(wanted, "date");
  const flight = db.flights.get(flightNumber);
  if (flight === undefined) throw new ToolRefusal(`flight ${flightNumber} not found`);
  const day = dayOf(flight, date);
  if (day === undefined) throw new ToolRefusal(`flight ${flightNumber} not found on date ${date}`);
  if (day.status !== "available") {
    throw new ToolRefusal(`flight ${flightNumber} not available on date ${date}`);
  }
  const seats = day.available_seats[seat.cabin];
  const price = day.prices[seat.cabin];
  if (seats === undefined || price === undefined) throw new ToolRefusal(`'${seat.cabin}'`);
  if (seats < seat.passengers) throw new ToolRefusal(`not enough seats on flight ${flightNumber}`);
  const { origin, destination } = flight;
  return { ...wanted, flight_number: flightNumber, date, price, origin, destination };
}

function dayOf(flight: Flight, date: string): FlightDate | undefined {
  return Object.hasOwn(flight.dates, date) ? flight.dates[date] : undefined;
}

/** What a search shows: the flight without its calendar, and that one day's facts. */
function showFlight(flight: Flight, day: FlightDate): JsonObject {
  const { dates: _dates, ...facts } = flight;
  return { ...facts, ...day };
}

function searchDirect(db: AirlineDb, args: JsonObject): Json {
  const origin = readText(args, "origin");
  const destination = readText(args, "destination");
  const date = readText(args, "date");
  const found: JsonObject[] = [];
  for (const [, flight] of db.flights.entries()) {
    if (flight.origin !== origin || flight.destination !== destination) continue;
    const day = dayOf(flight, date);
    if (day?.status === "available") found.push(showFlight(flight, day));
  }
  return found;
}

function searchOnestop(db: AirlineDb, args: JsonObject): Json {
  const origin = readText(args, "origin");
  const destination = readText(args, "destination");
  const date = readText(args, "date");
  const flights = [...db.flights.entries()].map(([, flight]) => flight);
  const onward = flights.filter((flight) => flight.destination === destination);
  const found: Json[] = [];
  for (const first of flights) {
    if (first.origin !== origin) continue;
    const firstDay = dayOf(first, date);
    if (firstDay?.status !== "available") continue;
    for (const second of onward) {
      const leg = connect(first, second, date);
      if (leg !== undefined) found.push([{ ...showFlight(first, firstDay), date }, leg]);
    }
  }
  return found;
}

/**
 * The second leg, when it leaves after the first arrives. The public tool (tau-bench 59a200c)
 * decides by the day of the second leg but shows the seats and prices of the first leg's day.
 */
function connect(first: Flight, second: Flight, date: string): JsonObject | undefined {
  if (first.destination !== second.origin) return undefined;
  if (first.scheduled_arrival_time_est > second.scheduled_departure_time_est) return undefined;
  const arrivesNextDay = first.scheduled_arrival_time_est.includes("+1");
  const onwardDate = arrivesNextDay ? `2024-05-${Number(date.slice(-2)) + 1}` : date;
  if (dayOf(second, onwardDate)?.status !== "available") return undefined;
  const shown = dayOf(second, date);
  if (shown === undefined) throw new ToolRefusal(`'${date}'`);
  return { ...showFlight(second, shown), date: onwardDate };
}

export const FLIGHT_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  list_all_airports: { effect: "read", run: () => AIRPORTS },
  search_direct_flight: { effect: "read", run: searchDirect },
  search_onestop_flight: { effect: "read", run: searchOnestop },
};
