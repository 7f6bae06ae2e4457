import { DESK } from "../desk.ts";
import type { Behaviour } from "../tool.ts";
import { BOOKING_TOOLS } from "./booking.ts";
import type { AirlineDb } from "./db.ts";
import { FLIGHT_TOOLS } from "./flights.ts";
import { RESERVATION_TOOLS } from "./reservations.ts";
import { USER_TOOLS } from "./users.ts";

export const AIRLINE_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  ...DESK,
  ...BOOKING_TOOLS,
  ...FLIGHT_TOOLS,
  ...RESERVATION_TOOLS,
  ...USER_TOOLS,
};
