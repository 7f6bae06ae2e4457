import type { Json, JsonObject } from "../../../src/std/json.ts";
import { readNumber, readObjects, readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { AirlineDb, Payment, Reservation, User } from "./db.ts";
import { quoteFlight } from "./flights.ts";
import { findUser, isShort, ownMethod, payWith } from "./users.ts";

/** A task books at most three times; the ids are fixed so that states compare. */
const RESERVATION_IDS = ["HATHAT", "HATHAU", "HATHAV"];

/** The database's today is 15 May 2024. */
const NOW = "2024-05-15T15:00:00";

const INSURANCE_USD = 30;
const BAGGAGE_USD = 50;

function bookReservation(db: AirlineDb, args: JsonObject): Json {
  const userId = readText(args, "user_id");
  const user = findUser(db, userId);
  const reservation = draftReservation(db, args);
  checkPayments(user, reservation.payment_history);
  checkTotal(reservation);

  const paid = reservation.payment_history.reduce(
    (payer, { payment_id, amount }) => payWith(payer, payment_id, amount),
    user,
  );
  db.reservations.put(reservation.reservation_id, reservation);
  db.users.put(userId, {
    ...paid,
    reservations: [...paid.reservations, reservation.reservation_id],
  });
  return reservation;
}

/** The reservation as it would be stored, each flight at today's price. Nothing is paid yet. */
function draftReservation(db: AirlineDb, args: JsonObject): Reservation {
  const reservationId = RESERVATION_IDS.find((id) => db.reservations.get(id) === undefined);
  if (reservationId === undefined) throw new ToolRefusal("Too many reservations");
  const cabin = readText(args, "cabin");
  const passengers = readObjects(args, "passengers");
  const seat = { cabin, passengers: passengers.length };
  return {
    reservation_id: reservationId,
    user_id: readText(args, "user_id"),
    origin: readText(args, "origin"),
    destination: readText(args, "destination"),
    flight_type: readText(args, "flight_type"),
    cabin,
    flights: readObjects(args, "flights").map((wanted) => quoteFlight(db, wanted, seat)),
    passengers,
    payment_history: readObjects(args, "payment_methods").map(readPayment),
    created_at: NOW,
    total_baggages: readNumber(args, "total_baggages"),
    nonfree_baggages: readNumber(args, "nonfree_baggages"),
    insurance: readText(args, "insurance"),
  };
}

function readPayment(payment: JsonObject): Payment {
  const amount = readNumber(payment, "amount");
  return { ...payment, payment_id: readText(payment, "payment_id"), amount };
}

/** Each payment alone must be covered: two by the same gift card are not added up. */
function checkPayments(user: User, payments: readonly Payment[]): void {
  for (const { payment_id: paymentId, amount } of payments) {
    const method = ownMethod(user, paymentId);
    if (method === undefined) throw new ToolRefusal(`payment method ${paymentId} not found`);
    if (isShort(method, amount)) {
      throw new ToolRefusal(`not enough balance in payment method ${paymentId}`);
    }
  }
}

function checkTotal({ flights, passengers, payment_history, ...rest }: Reservation): void {
  const fares = flights.reduce((total, flight) => total + flight.price * passengers.length, 0);
  const insurance = rest.insurance === "yes" ? INSURANCE_USD * passengers.length : 0;
  const price = fares + insurance + BAGGAGE_USD * rest.nonfree_baggages;
  const paid = payment_history.reduce((total, payment) => total + payment.amount, 0);
  if (paid === price) return;
  throw new ToolRefusal(
    `payment amount does not add up, total price is ${price}, but paid ${paid}`,
  );
}

export const BOOKING_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  book_reservation: { effect: "write", run: bookReservation },
};
