/** Reservations that exist: looking one up, cancelling it, changing what is in it. */
import type { Json, JsonObject } from "../../../src/std/json.ts";
import { readNumber, readObjects, readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { AirlineDb, Reservation, ReservationFlight, User } from "./db.ts";
import { quoteFlight } from "./flights.ts";
import { findUser, isShort, ownMethod, payWith } from "./users.ts";

const BAGGAGE_USD = 50;

function findReservation(db: AirlineDb, args: JsonObject): Reservation {
  const reservation = db.reservations.get(readText(args, "reservation_id"));
  if (reservation === undefined) throw new ToolRefusal("reservation not found");
  return reservation;
}

function saveReservation(db: AirlineDb, reservation: Reservation): Json {
  db.reservations.put(reservation.reservation_id, reservation);
  return reservation;
}

function getReservationDetails(db: AirlineDb, args: JsonObject): Json {
  const reservation = db.reservations.get(readText(args, "reservation_id"));
  // The public tool says "user" here; recorded runs hold its words, so they stay.
  if (reservation === undefined) throw new ToolRefusal("user not found");
  return reservation;
}

/** The seats are not given back: the public tool leaves the flights as they are. */
function cancelReservation(db: AirlineDb, args: JsonObject): Json {
  const reservation = findReservation(db, args);
  const refunds = reservation.payment_history.map((payment) => ({
    payment_id: payment.payment_id,
    amount: -payment.amount,
  }));
  return saveReservation(db, {
    ...reservation,
    payment_history: [...reservation.payment_history, ...refunds],
    status: "cancelled",
  });
}

/** The payer after a change that costs this much (below zero: a refund), or a refusal. */
function payForChange(
  db: AirlineDb,
  reservation: Reservation,
  charge: { readonly paymentId: string; readonly amount: number },
): User {
  const user = findUser(db, reservation.user_id);
  const method = ownMethod(user, charge.paymentId);
  if (method === undefined) throw new ToolRefusal("payment method not found");
  if (method.source === "certificate") {
    throw new ToolRefusal("certificate cannot be used to update reservation");
  }
  if (isShort(method, charge.amount)) throw new ToolRefusal("gift card balance is not enough");
  return payWith(user, charge.paymentId, charge.amount);
}

function saveChange(
  db: AirlineDb,
  reservation: Reservation,
  charge: { readonly paymentId: string; readonly amount: number },
): Json {
  db.users.put(reservation.user_id, payForChange(db, reservation, charge));
  if (charge.amount === 0) return saveReservation(db, reservation);
  const payment = { payment_id: charge.paymentId, amount: charge.amount };
  return saveReservation(db, {
    ...reservation,
    payment_history: [...reservation.payment_history, payment],
  });
}

function updateBaggages(db: AirlineDb, args: JsonObject): Json {
  const reservation = findReservation(db, args);
  const totalBaggages = readNumber(args, "total_baggages");
  const nonfreeBaggages = readNumber(args, "nonfree_baggages");
  const added = Math.max(0, nonfreeBaggages - reservation.nonfree_baggages);
  const changed = {
    ...reservation,
    total_baggages: totalBaggages,
    nonfree_baggages: nonfreeBaggages,
  };
  const paymentId = readText(args, "payment_id");
  return saveChange(db, changed, { paymentId, amount: BAGGAGE_USD * added });
}

/**
 * A flight that stays, in the same cabin, keeps the price it was bought at. The reservation's own
 * `cabin` is not touched, as in tau-bench 59a200c: 57 of the 1,164 recorded results show it.
 * tau2 does set it; both sides of a comparison of end states follow the one rule here.
 */
function updateFlights(db: AirlineDb, args: JsonObject): Json {
  const reservation = findReservation(db, args);
  const cabin = readText(args, "cabin");
  const passengers = reservation.passengers.length;
  const flights = readObjects(args, "flights").map((wanted): ReservationFlight => {
    const kept = reservation.flights.find(
      (flight) =>
        flight.flight_number === wanted["flight_number"] &&
        flight.date === wanted["date"] &&
        cabin === reservation.cabin,
    );
    if (kept === undefined) return quoteFlight(db, wanted, { cabin, passengers });
    return { ...wanted, ...kept };
  });
  const fares = (list: readonly ReservationFlight[]): number =>
    list.reduce((total, flight) => total + flight.price, 0) * passengers;
  const charge = {
    paymentId: readText(args, "payment_id"),
    amount: fares(flights) - fares(reservation.flights),
  };
  return saveChange(db, { ...reservation, flights }, charge);
}

function updatePassengers(db: AirlineDb, args: JsonObject): Json {
  const reservation = findReservation(db, args);
  const passengers = readObjects(args, "passengers");
  if (passengers.length !== reservation.passengers.length) {
    throw new ToolRefusal("number of passengers does not match");
  }
  return saveReservation(db, { ...reservation, passengers });
}

export const RESERVATION_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  get_reservation_details: { effect: "read", run: getReservationDetails },
  cancel_reservation: { effect: "write", run: cancelReservation },
  update_reservation_baggages: { effect: "write", run: updateBaggages },
  update_reservation_flights: { effect: "write", run: updateFlights },
  update_reservation_passengers: { effect: "write", run: updatePassengers },
};
