import { describe, expect, it } from "vitest";
import { questionOf } from "../../proof/policy/facts.ts";
import type { MadeCall, Moment } from "../../proof/policy/moment.ts";
import { resourceOf } from "../../proof/policy/resource.ts";
import { routeOf } from "../../proof/policy/route.ts";
import {
  createAirlineDb,
  type AirlineDb,
  type Flight,
  type FlightDate,
  type Reservation,
  type User,
} from "../../proof/tau/airline/db.ts";
import type { JsonObject } from "../../src/std/json.ts";

const open: FlightDate = {
  status: "available",
  available_seats: { economy: 9, business: 9 },
  prices: { economy: 100, business: 300 },
};

function flight(flightNumber: string, way: string, day: FlightDate = open): [string, Flight] {
  const [origin = "", destination = ""] = way.split("-");
  const times = {
    scheduled_departure_time_est: "08:00:00",
    scheduled_arrival_time_est: "10:00:00",
  };
  const dates = { "2024-05-20": day, "2024-05-22": day };
  return [flightNumber, { flight_number: flightNumber, origin, destination, ...times, dates }];
}

const ann: User = {
  name: { first_name: "Ann", last_name: "Ash" },
  address: {},
  email: "",
  dob: "1990-01-01",
  payment_methods: { gift_card_1: { source: "gift_card", id: "gift_card_1", amount: 500 } },
  saved_passengers: [],
  membership: "silver",
  reservations: ["AAA111"],
};

function world(change: Partial<Reservation> = {}, day: FlightDate = open): AirlineDb {
  const reservation: Reservation = {
    reservation_id: "AAA111",
    user_id: "ann_ash_1",
    origin: "SFO",
    destination: "JFK",
    flight_type: "one_way",
    cabin: "economy",
    flights: [
      { flight_number: "F1", date: "2024-05-20", price: 80, origin: "SFO", destination: "JFK" },
    ],
    passengers: [{ first_name: "Ann", last_name: "Ash", dob: "1990-01-01" }],
    payment_history: [],
    created_at: "2024-05-14T16:00:00",
    total_baggages: 1,
    nonfree_baggages: 0,
    insurance: "no",
    ...change,
  };
  const flights = [
    flight("F1", "SFO-JFK", day),
    flight("F2", "JFK-SFO"),
    flight("F3", "SFO-DEN"),
    flight("F4", "DEN-JFK"),
  ];
  return createAirlineDb({
    flights: new Map(flights),
    reservations: new Map([["AAA111", reservation]]),
    users: new Map([["ann_ash_1", ann]]),
  });
}

function moment(tool: string, input: JsonObject, more: Partial<Moment> = {}): Moment {
  const db = more.db ?? world();
  return { talk: [], made: [], callsTogether: 1, spokeToo: false, ...more, db, tool, input };
}

const cancel = { reservation_id: "AAA111" };
const read: MadeCall = { name: "get_reservation_details", arguments: cancel, kind: "result" };

function change(numbers: readonly string[], cabin = "economy"): JsonObject {
  const flights = numbers.map((flight_number) => ({ flight_number, date: "2024-05-20" }));
  return { reservation_id: "AAA111", cabin, flights, payment_id: "gift_card_1" };
}

describe("the reservation", () => {
  it("was booked so many minutes before the domain's own now", () => {
    const attributes = resourceOf(moment("cancel_reservation", cancel))?.attributes;
    expect(attributes).toMatchObject({ bookedMinutesAgo: 23 * 60, flown: false, seen: false });
  });

  it("is flown when one flight has taken off, and cancelled by the airline when one was", () => {
    const of = (status: "landed" | "flying" | "cancelled" | "on time"): unknown =>
      resourceOf(moment("cancel_reservation", cancel, { db: world({}, { status }) }))?.attributes;
    expect(of("landed")).toMatchObject({ flown: true, airlineCancelled: false });
    expect(of("flying")).toMatchObject({ flown: true });
    expect(of("cancelled")).toMatchObject({ flown: false, airlineCancelled: true });
    expect(of("on time")).toMatchObject({ flown: false, airlineCancelled: false });
  });

  it("is in the cabin that was bought last, by a call that went through", () => {
    const name = "update_reservation_flights";
    const cabinAfter = (kind: MadeCall["kind"]): unknown => {
      const made: MadeCall = { name, arguments: change(["F1"], "business"), kind };
      return resourceOf(moment("cancel_reservation", cancel, { made: [made] }))?.attributes[
        "cabin"
      ];
    };
    expect([cabinAfter("result"), cabinAfter("refused")]).toEqual(["business", "economy"]);
  });

  it("is seen when the agent has read it, not when it has tried to", () => {
    const seenAfter = (made: MadeCall): unknown =>
      resourceOf(moment("cancel_reservation", cancel, { made: [made] }))?.attributes["seen"];
    expect([seenAfter(read), seenAfter({ ...read, kind: "refused" })]).toEqual([true, false]);
  });

  it("is nothing at all when there is none of that code", () => {
    expect(resourceOf(moment("cancel_reservation", { reservation_id: "no" }))).toBeNull();
  });
});

describe("the customer", () => {
  const customerAfter = (text: string, made: readonly MadeCall[] = []): string =>
    questionOf(moment("cancel_reservation", cancel, { talk: [{ by: "customer", text }], made }))
      .customer;

  it("is who they say they are, if there is such a customer", () => {
    expect(customerAfter("I am ann_ash_1.")).toBe("ann_ash_1");
    expect(customerAfter("I am bob_elm_2.")).toBe("");
  });

  it("is the owner of the reservation whose code they know, once it was read", () => {
    expect(customerAfter("It is AAA111")).toBe("");
    expect(customerAfter("It is AAA111", [read])).toBe("ann_ash_1");
    expect(customerAfter("Cancel my trip", [read])).toBe("");
  });
});

describe("a change of flights", () => {
  const facts = (numbers: readonly string[], cabin?: string): unknown =>
    questionOf(moment("update_reservation_flights", change(numbers, cabin))).facts["change"];

  it("keeps the route through other airports", () => {
    expect(facts(["F3", "F4"])).toMatchObject({
      flightsChanged: true,
      originKept: true,
      destinationKept: true,
      tripType: "one_way",
    });
  });

  it("loses the destination when it ends elsewhere", () => {
    expect(facts(["F3"])).toMatchObject({ originKept: true, destinationKept: false });
    expect(facts(["F4"])).toMatchObject({ originKept: false, destinationKept: true });
  });

  it("of the cabin alone changes no flight", () => {
    expect(facts(["F1"], "business")).toMatchObject({ flightsChanged: false, cabinChanged: true });
    expect(facts(["F1"])).toMatchObject({ flightsChanged: false, cabinChanged: false });
  });

  it("knows the kind of the payment, and that of none but the owner's", () => {
    expect(facts(["F1"])).toMatchObject({ payment: "gift_card" });
    const foreign = { ...change(["F1"]), payment_id: "gift_card_9" };
    const asked = questionOf(moment("update_reservation_flights", foreign));
    expect(asked.facts["change"]).toMatchObject({ payment: "none" });
  });
});

describe("a route", () => {
  const route = (legs: readonly string[], wanted: string): unknown =>
    routeOf(
      world(),
      legs.map((leg, at) => ({ flight_number: leg, date: at === 0 ? "2024-05-20" : "2024-05-22" })),
      wanted,
    );

  it("there and back is a round trip to where it turns", () => {
    expect(route(["F1", "F2"], "JFK")).toEqual({
      origin: "SFO",
      destination: "JFK",
      tripType: "round_trip",
      isConnected: true,
    });
  });

  it("with a gap in it is not connected, nor is one with a flight that does not exist", () => {
    expect(route(["F1", "F4"], "JFK")).toMatchObject({ isConnected: false });
    expect(route(["F1", "F9"], "JFK")).toMatchObject({ isConnected: false });
    expect(route([], "JFK")).toMatchObject({ isConnected: false });
  });
});

describe("what was not said", () => {
  const unsaidAfter = (input: JsonObject, ...texts: readonly string[]): unknown => {
    const talk = texts.map((text) => ({ by: "agent" as const, text }));
    const { facts } = questionOf(moment("update_reservation_flights", input, { talk }));
    return Object(facts["talk"]).unsaid;
  };

  it("is everything when nothing was said, and shrinks with every detail", () => {
    const input = change(["F3", "F4"], "business");
    const all = ["amount", "cabin", "dates", "flights", "payment", "reservation"];
    expect(unsaidAfter(input)).toEqual(all);
    const told = "AAA111: flights F3 and F4 on May 20th in Business, $520 from your gift card.";
    expect(unsaidAfter(input, told)).toEqual([]);
    expect(unsaidAfter(input, told.replace("F4", "F5"))).toEqual(["flights"]);
    expect(unsaidAfter(input, told.replace("520", "420"))).toEqual(["amount"]);
    expect(unsaidAfter(input, told.replace("May 20th", "May 21st"))).toEqual(["dates"]);
  });
});

describe("the passengers", () => {
  const uncollectedAfter = (words: string, passenger: JsonObject): unknown => {
    const input = { reservation_id: "AAA111", passengers: [passenger] };
    const talk = [{ by: "customer" as const, text: words }];
    const { facts } = questionOf(moment("update_reservation_passengers", input, { talk }));
    return facts["names"];
  };
  const bob = { first_name: "Bob", last_name: "Elm", dob: "2001-04-12" };

  it("are collected when the customer has said who they are, in their own way", () => {
    const collected = { passengers: 1, incomplete: 0, uncollected: 0 };
    expect(uncollectedAfter("Bob Elm, born April 12th, 2001", bob)).toEqual(collected);
    expect(uncollectedAfter("Elm, Bob; 04/12/2001", bob)).toEqual(collected);
    expect(uncollectedAfter("Bob Elm, 2001-04-12", bob)).toEqual(collected);
  });

  it("are not when a name or a date was made up", () => {
    expect(uncollectedAfter("Bob Elm", bob)).toMatchObject({ uncollected: 1 });
    expect(uncollectedAfter("Bob Elm, April 12", bob)).toMatchObject({ uncollected: 1 });
    expect(uncollectedAfter("Bob, 2001-04-12", bob)).toMatchObject({ uncollected: 1 });
    expect(uncollectedAfter("Bob Elm", { ...bob, dob: " " })).toMatchObject({ incomplete: 1 });
  });

  it("are known when the airline has them", () => {
    const known = { first_name: "Ann", last_name: "Ash", dob: "1990-01-01" };
    expect(uncollectedAfter("Just me", known)).toMatchObject({ uncollected: 0 });
    const other = { ...known, dob: "1990-01-02" };
    expect(uncollectedAfter("Just me", other)).toMatchObject({ uncollected: 1 });
  });
});

describe("a complaint", () => {
  const landed: FlightDate = {
    status: "landed",
    actual_departure_time_est: "2024-05-20T08:00:00",
    actual_arrival_time_est: "2024-05-20T10:00:00",
  };
  const complaint = (day: FlightDate, made: readonly MadeCall[] = [read]): unknown => {
    const input = { user_id: "ann_ash_1", amount: 50.5 };
    return questionOf(moment("send_certificate", input, { db: world({}, day), made })).facts[
      "complaint"
    ];
  };

  it("is confirmed by a flight that is delayed or came late, never by one that was in time", () => {
    const late = { ...landed, actual_arrival_time_est: "2024-05-20T10:01:00" };
    expect(complaint({ status: "delayed" })).toMatchObject({ delayed: true, passengers: 1 });
    expect(complaint(late)).toMatchObject({ delayed: true, cancelled: false });
    expect(complaint(landed)).toMatchObject({ delayed: false, passengers: 0 });
    expect(complaint({ status: "cancelled" })).toMatchObject({ cancelled: true });
  });

  it("counts for nothing while the agent has not read the reservation", () => {
    expect(complaint({ status: "delayed" }, [])).toMatchObject({ delayed: false });
  });

  it("holds the amount in cents and whether the reservation was changed since", () => {
    const cancelled: MadeCall = { name: "cancel_reservation", arguments: cancel, kind: "result" };
    expect(complaint({ status: "delayed" })).toMatchObject({ amountCents: 5050, changed: false });
    expect(complaint({ status: "delayed" }, [read, cancelled])).toMatchObject({ changed: true });
  });
});
