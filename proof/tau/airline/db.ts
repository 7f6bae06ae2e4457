/**
 * The airline rows as the public files hold them. They are type aliases, not interfaces, because
 * only an alias is known to be JSON, and rows are handed out as tool results.
 */
import type { JsonObject } from "../../../src/std/json.ts";
import { createTable, type Rows, type Table } from "../table.ts";

/** Cabin names are keys, so that a cabin nobody flies is simply absent. */
type ByCabin = Readonly<Record<string, number>>;

/** One flight on one day: on sale, or past that. */
export type FlightDate =
  | {
      readonly status: "available";
      readonly available_seats: ByCabin;
      readonly prices: ByCabin;
    }
  | {
      readonly status: "landed" | "cancelled" | "delayed" | "flying" | "on time";
      readonly actual_departure_time_est?: string;
      readonly actual_arrival_time_est?: string;
      readonly estimated_departure_time_est?: string;
      readonly estimated_arrival_time_est?: string;
    };

export type Flight = {
  readonly flight_number: string;
  readonly origin: string;
  readonly destination: string;
  readonly scheduled_departure_time_est: string;
  readonly scheduled_arrival_time_est: string;
  readonly dates: Readonly<Record<string, FlightDate>>;
};

export type PaymentMethod =
  | {
      readonly source: "credit_card";
      readonly id: string;
      readonly brand: string;
      readonly last_four: string;
    }
  | {
      readonly source: "gift_card" | "certificate";
      readonly id: string;
      readonly amount: number;
    };

/** The files key users by id; the row itself does not repeat it. */
export type User = {
  readonly name: { readonly first_name: string; readonly last_name: string };
  readonly address: JsonObject;
  readonly email: string;
  readonly dob: string;
  readonly payment_methods: Readonly<Record<string, PaymentMethod>>;
  readonly saved_passengers: readonly JsonObject[];
  readonly membership: string;
  readonly reservations: readonly string[];
};

/** The price is per passenger, as it was when the flight was added. */
export type ReservationFlight = {
  readonly flight_number: string;
  readonly date: string;
  readonly price: number;
  readonly origin: string;
  readonly destination: string;
};

/** Whole US dollars; below zero, a refund. */
export type Payment = { readonly payment_id: string; readonly amount: number };

export type Reservation = {
  readonly reservation_id: string;
  readonly user_id: string;
  readonly origin: string;
  readonly destination: string;
  readonly flight_type: string;
  readonly cabin: string;
  readonly flights: readonly ReservationFlight[];
  readonly passengers: readonly JsonObject[];
  readonly payment_history: readonly Payment[];
  readonly created_at: string;
  readonly total_baggages: number;
  readonly nonfree_baggages: number;
  readonly insurance: string;
  readonly status?: "cancelled";
};

/** What the files hold, shared by every database made from them. */
export interface AirlineRows {
  readonly flights: Rows<Flight>;
  readonly reservations: Rows<Reservation>;
  readonly users: Rows<User>;
}

/** One run's airline world. */
export interface AirlineDb {
  readonly kind: "airline";
  readonly flights: Table<Flight>;
  readonly reservations: Table<Reservation>;
  readonly users: Table<User>;
}

/** An airline world nobody has written to. */
export function createAirlineDb(rows: AirlineRows): AirlineDb {
  return {
    kind: "airline",
    flights: createTable(rows.flights),
    reservations: createTable(rows.reservations),
    users: createTable(rows.users),
  };
}
