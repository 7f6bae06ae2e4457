/** Seats are booked for named passengers; a seat that is taken leads to a waiting list. */
import { must } from "../../../src/index.ts";
import { sameBodies } from "../kit.ts";
import { factsWith, rowsOf, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

const fields = { flight: "text", seat: "text", passenger: "text" } as const;
const NAMES = ["Ada", "Bob", "Cleo", "Dag"] as const;

export const bookings: Scenario = {
  name: "bookings",
  domain: "bookings",
  obliges: true,
  cited: false,
  completes: ["every passenger has the seat that was asked for, and nobody else has one"],
  tools: (kit) => ({
    seat_map: kit.look("seat_map", {
      says: "Use this to see which seats of a flight are taken.",
      fields: { flight: "text" },
    }),
    preview_seat: kit.look("preview_seat", {
      says: "Use this to see what a seat costs. It books nothing.",
      fields,
    }),
    book_seat: kit.act("book_seat", {
      says: "Use this to book one seat for one passenger.",
      fields,
      claims: ["booked", "has a seat"],
    }),
    release_seat: kit.act("release_seat", {
      says: "Use this to give a booked seat back.",
      fields: { booking: "text" },
    }),
  }),
  gate: (kit) => ({
    // A receipt alone is not enough: the answer of the airline must say "confirmed".
    obligations: ({ order }) =>
      rowsOf(order, "seats").map((seat) => ({
        id: `seat/${textOf(seat["passenger"])}`,
        what: `book ${textOf(seat["seat"])} for ${textOf(seat["passenger"])}`,
        tool: "book_seat",
        input: seat,
        output: { status: "confirmed" },
      })),
    done: [
      must(
        "every passenger has the seat that was asked for, and nobody else has one",
        async ({ runId, input }) => {
          const { bookings: booked = [] } = await kit.facts(runId);
          const mine = booked.filter(({ passenger }) => passenger !== "taken");
          const wanted = rowsOf(input.order, "seats").map((seat) => ({
            ...seat,
            status: "confirmed",
          }));
          return sameBodies(mine, wanted) || [`${mine.length} bookings, ${wanted.length} wanted`];
        },
      ),
    ],
  }),
  plan: (numbers, asks) => {
    const flight = numbers.code("F");
    const row = numbers.whole(1, 30);
    const wanted = NAMES.slice(0, asks ? 0 : numbers.whole(2, 4)).map((passenger, at) => ({
      flight,
      seat: `${row}${"ABCD"[at] ?? "D"}`,
      passenger,
    }));
    const taken = { flight, seat: `${row}F`, passenger: "taken", status: "confirmed" };
    const seed = { bookings: { old: taken } };
    return {
      seed,
      order: { seats: wanted },
      request: asks
        ? `Which seats on ${flight} are free?`
        : `Please book on ${flight}: ${wanted.map((each) => `${each.seat} for ${each.passenger}`).join(", ")}.`,
      looks: [{ tool: "seat_map", args: { flight } }],
      tasks: wanted.map((args): Task => {
        const { seat, passenger } = args;
        return {
          id: `seat/${passenger}`,
          tool: "book_seat",
          args,
          says: `${passenger} has a seat, ${seat}`,
          denies: `${seat} could not be booked for ${passenger}`,
        };
      }),
      isOrdered: false,
      plain: [`Seat ${row}F cannot be booked.`, "Shall I have another one booked?"],
      demand: (done) =>
        factsWith(seed, {
          bookings: [taken, ...done.map(({ args }) => ({ ...args, status: "confirmed" }))],
        }),
      spoils: {
        // The seat is taken: the answer says "waitlisted", and the call did not fail.
        target: ({ args }) => ({ ...args, seat: `${row}F` }),
        amount: ({ args }) => ({ ...args, seat: `${row}E` }),
        foreign: ({ args }) => ({ ...args, passenger: "Zoe" }),
        extra: { tool: "book_seat", args: { flight, seat: `${row + 1}A`, passenger: "Ada" } },
        undo: (_task, id) => ({ tool: "release_seat", args: { booking: id } }),
        instead: ({ args }) => ({ tool: "preview_seat", args }),
      },
    };
  },
};
