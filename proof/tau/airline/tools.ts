import { DESK } from "../desk.ts";
import type { Behaviour } from "../tool.ts";
import { BOOKING_TOOLS } from "./booking.ts";
import type { AirlineDb } from "./db.ts";
import { FLIGHT_TOOLS } from "./flights.ts";
import { RESERVATION_TOOLS } from "./reservations.ts";
import { USER_TOOLS } from "./users.ts";

/**
 * Airline as tau-bench (commit 59a200c) has it, results and refusals: those are the tools behind
 * the recorded runs. Where it would overwrite a fourth booking, or say nothing to a fourth
 * certificate, tau2's refusal stands instead.
 */
export const AIRLINE_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  ...DESK,
  ...BOOKING_TOOLS,
  ...FLIGHT_TOOLS,
  ...RESERVATION_TOOLS,
  ...USER_TOOLS,
};
