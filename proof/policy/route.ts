/** Where a list of flights goes, read from the timetable and not from what a call claims. */
import type { AirlineDb } from "../tau/airline/db.ts";
import type { Leg } from "./arguments.ts";

export interface Route {
  /** "" when no flight of the list is known. */
  readonly origin: string;
  /** Where the way out ends: for a round trip, the wanted place when the trip reaches it. */
  readonly destination: string;
  readonly tripType: "one_way" | "round_trip";
  /** Every flight begins where the one before it ended, and none leaves on an earlier day. */
  readonly isConnected: boolean;
}

interface Hop {
  readonly from: string;
  readonly to: string;
}

/** The route in order of departure, whatever the order of the list. */
export function routeOf(db: AirlineDb, legs: readonly Leg[], wanted: string): Route {
  const known = legs.flatMap((leg) => {
    const flight = db.flights.get(leg.flight_number);
    return flight === undefined ? [] : [{ leg, flight }];
  });
  const hops: readonly Hop[] = known
    .toSorted((a, b) => compare(departure(a), departure(b)))
    .map(({ flight }) => ({ from: flight.origin, to: flight.destination }));
  const origin = hops[0]?.from ?? "";
  const last = hops.at(-1)?.to ?? "";
  const isRound = hops.length > 1 && last === origin;
  const reachesWanted = hops.slice(0, -1).some(({ to }) => to === wanted);
  return {
    origin,
    destination: isRound ? (reachesWanted ? wanted : (hops[0]?.to ?? "")) : last,
    tripType: isRound ? "round_trip" : "one_way",
    isConnected:
      known.length === legs.length &&
      hops.length > 0 &&
      hops.every(({ from }, at) => at === 0 || hops[at - 1]?.to === from),
  };
}

function departure(one: {
  readonly leg: Leg;
  readonly flight: { readonly scheduled_departure_time_est: string };
}): string {
  return `${one.leg.date}T${one.flight.scheduled_departure_time_est}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
