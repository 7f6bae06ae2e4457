/**
 * The request that a policy decides: who asks, on what, and the facts of the moment.
 *
 * Facts are raw where they can be (counts, amounts, kinds); what is allowed is said in the Cedar
 * files alone. They come from the database as it stands, the call and the talk; never from a task,
 * a reward or a reference solution.
 */
import { hashJson } from "../../src/std/hash.ts";
import type { JsonObject } from "../../src/std/json.ts";
import type { Reservation, User } from "../tau/airline/db.ts";
import { ownMethod } from "../tau/airline/users.ts";
import {
  flightsOf,
  legKey,
  numberOf,
  objectsOf,
  reservationOf,
  textOf,
  type Leg,
} from "./arguments.ts";
import { unsaidDetails } from "./details.ts";
import type { Moment } from "./moment.ts";
import { countUncollected, isIncomplete } from "./passengers.ts";
import {
  cabinNow,
  isDelayed,
  isSeen,
  resourceOf,
  statusesOf,
  type PolicyResource,
} from "./resource.ts";
import { routeOf } from "./route.ts";
import { asksCompensation, hasAgreed, isRaised, isReasonKnown, reasonsGiven } from "./talk.ts";

/** One question to the policies, without the engine's own parts. */
export interface PolicyQuestion {
  readonly tool: string;
  readonly input: JsonObject;
  /** The customer who has said who they are; "" while nobody has. */
  readonly customer: string;
  readonly resource: PolicyResource | null;
  readonly facts: JsonObject;
}

export function questionOf(moment: Moment): PolicyQuestion {
  const { db, input, tool } = moment;
  const reservation = reservationOf(db, input);
  return {
    tool,
    input,
    customer: customerOf(moment),
    resource: resourceOf(moment),
    facts: {
      talk: talkFacts(moment, reservation),
      repeated: isRepeated(moment),
      ...(tool === "book_reservation" ? { booking: bookingFacts(moment) } : {}),
      ...(tool === "send_certificate" ? { complaint: complaintFacts(moment) } : {}),
      ...bagFacts(moment, reservation),
      ...(tool === "update_reservation_passengers"
        ? { names: nameFacts(moment, reservation) }
        : {}),
      ...(tool === "update_reservation_flights" && reservation !== undefined
        ? { change: changeFacts(moment, reservation) }
        : {}),
    },
  };
}

/**
 * The last of the known customers' ids that the customer has said; else the owner of the last
 * reservation whose code the customer has said, once the agent has read it.
 */
function customerOf({ db, talk, made }: Moment): string {
  const texts = talk.filter(({ by }) => by === "customer").map(({ text }) => text);
  const words = texts.join(" ").split(/[^A-Za-z0-9_]+/);
  const said = words.findLast((word) => db.users.get(word.toLowerCase()) !== undefined);
  if (said !== undefined) return said.toLowerCase();
  const code = words.findLast((word) => isSeen(made, word.toUpperCase()));
  return db.reservations.get(code?.toUpperCase() ?? "")?.user_id ?? "";
}

function talkFacts(moment: Moment, reservation: Reservation | undefined): JsonObject {
  const { talk, callsTogether, spokeToo } = moment;
  return {
    agreed: hasAgreed(talk),
    unsaid: unsaidDetails(moment, reservation),
    reasons: reasonsGiven(talk),
    reasonKnown: isReasonKnown(talk),
    insuranceRaised: isRaised(talk, "insurance"),
    compensationAsked: asksCompensation(talk),
    calls: callsTogether,
    spoke: spokeToo,
  };
}

/** The very same write was made before and went through. */
function isRepeated({ made, tool, input }: Moment): boolean {
  const hash = hashJson(input);
  return made.some(
    (call) => call.name === tool && call.kind === "result" && hashJson(call.arguments) === hash,
  );
}

function bookingFacts({ db, input, talk }: Moment): JsonObject {
  const user = db.users.get(textOf(input, "user_id"));
  const passengers = objectsOf(input, "passengers");
  const kinds = objectsOf(input, "payment_methods").map((payment) =>
    kindOf(user, textOf(payment, "payment_id")),
  );
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  const route = routeOf(db, flightsOf(input), textOf(input, "destination"));
  return {
    passengers: passengers.length,
    incomplete: passengers.filter(isIncomplete).length,
    uncollected: countUncollected(passengers, { db, user, talk }),
    certificates: count("certificate"),
    creditCards: count("credit_card"),
    giftCards: count("gift_card"),
    foreign: count("none"),
    origin: route.origin,
    destination: route.destination,
    tripType: route.tripType,
    connected: route.isConnected,
  };
}

function nameFacts({ db, input, talk }: Moment, reservation: Reservation | undefined): JsonObject {
  const passengers = objectsOf(input, "passengers");
  const user = db.users.get(reservation?.user_id ?? "");
  return {
    passengers: passengers.length,
    incomplete: passengers.filter(isIncomplete).length,
    uncollected: countUncollected(passengers, { db, user, talk }),
  };
}

function changeFacts(moment: Moment, reservation: Reservation): JsonObject {
  const { db, input, made } = moment;
  const wanted = flightsOf(input);
  const before = new Set(reservation.flights.map(legKey));
  const kept = wanted.filter((leg) => before.has(legKey(leg))).length;
  const route = routeOf(db, wanted, reservation.destination);
  const cabin = cabinNow(made, reservation);
  return {
    flightsChanged: kept !== wanted.length || wanted.length !== reservation.flights.length,
    cabinChanged: textOf(input, "cabin") !== cabin,
    originKept: route.origin === reservation.origin,
    destinationKept: route.destination === reservation.destination,
    tripType: route.tripType,
    connected: route.isConnected || isSameList(wanted, reservation),
    payment: kindOf(db.users.get(reservation.user_id), textOf(input, "payment_id")),
  };
}

/** Flights as they were booked make a route, however the timetable reads today. */
function isSameList(wanted: readonly Leg[], { flights }: Reservation): boolean {
  return wanted.map(legKey).toSorted().join() === flights.map(legKey).toSorted().join();
}

function bagFacts(moment: Moment, reservation: Reservation | undefined): JsonObject {
  const { input, tool, made } = moment;
  const declared = {
    total: numberOf(input, "total_baggages"),
    extra: numberOf(input, "nonfree_baggages"),
  };
  if (tool === "book_reservation") {
    const passengers = objectsOf(input, "passengers").length;
    const before = { totalBefore: 0, extraBefore: 0 };
    return { bags: { ...declared, ...before, passengers, cabin: textOf(input, "cabin") } };
  }
  if (tool !== "update_reservation_baggages" || reservation === undefined) return {};
  return {
    bags: {
      ...declared,
      totalBefore: reservation.total_baggages,
      extraBefore: reservation.nonfree_baggages,
      passengers: reservation.passengers.length,
      cabin: cabinNow(made, reservation),
    },
  };
}

/**
 * The reservation a complaint is about: of those the agent has read, the latest with a cancelled
 * flight, else with a delayed one. A call for a certificate does not name it.
 */
function complaintFacts({ db, made, input }: Moment): JsonObject {
  const userId = textOf(input, "user_id");
  const read = [...db.reservations.entries()]
    .map(([, reservation]) => reservation)
    .filter(({ user_id, reservation_id }) => user_id === userId && isSeen(made, reservation_id));
  const isCancelled = (one: Reservation): boolean => statusesOf(db, one).includes("cancelled");
  const found = read.findLast(isCancelled) ?? read.findLast((one) => isDelayed(db, one));
  return {
    amountCents: Math.round(numberOf(input, "amount") * 100),
    cancelled: found !== undefined && isCancelled(found),
    delayed: found !== undefined && isDelayed(db, found),
    passengers: found?.passengers.length ?? 0,
    insured: found?.insurance === "yes",
    cabin: found === undefined ? "" : cabinNow(made, found),
    changed: made.some(
      ({ name, kind, arguments: given }) =>
        kind === "result" &&
        (name === "cancel_reservation" || name === "update_reservation_flights") &&
        textOf(given, "reservation_id") === found?.reservation_id,
    ),
  };
}

/** The kind of a payment method of this customer's profile; "none" when it is not in there. */
function kindOf(user: User | undefined, paymentId: string): string {
  return (user === undefined ? undefined : ownMethod(user, paymentId)?.source) ?? "none";
}
