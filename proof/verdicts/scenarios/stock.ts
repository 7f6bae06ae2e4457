/** Goods are moved between warehouses: what one loses the other gains. */
import { must } from "../../../src/index.ts";
import { sameBodies } from "../kit.ts";
import { factsWith, keyed, rowsOf, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

const fields = { sku: "text", from: "text", to: "text", count: "whole" } as const;
const PLACES = ["north", "south", "east"] as const;

export const stock: Scenario = {
  name: "stock",
  domain: "stock",
  obliges: true,
  cited: true,
  completes: ["the levels are those of the order"],
  tools: (kit) => ({
    level: kit.look("level", {
      says: "Use this to see how much of an article is where.",
      fields: { sku: "text" },
    }),
    plan_move: kit.look("plan_move", {
      says: "Use this to see how a move would go. It moves nothing.",
      fields,
    }),
    move: kit.act("move", {
      says: "Use this to move goods from one warehouse to another.",
      fields,
      claims: ["moved", "transferred"],
    }),
  }),
  gate: (kit) => ({
    obligations: ({ order }) =>
      rowsOf(order, "moves").map((move, at) => ({
        id: `move-${at + 1}`,
        what: `move ${textOf(move["count"])} ${textOf(move["sku"])}`,
        tool: "move",
        input: move,
      })),
    done: [
      must("the levels are those of the order", async ({ runId, input }) => {
        const { levels = [] } = await kit.facts(runId);
        return sameBodies(levels, rowsOf(input.order, "after"));
      }),
    ],
  }),
  plan: (numbers, asks) => {
    const [sku, other] = [numbers.code("G"), numbers.code("G")];
    const levels = [sku, other].flatMap((each) =>
      PLACES.map((place) => ({ sku: each, place, count: numbers.whole(400, 800) })),
    );
    const once = { sku, from: "north", to: "south", count: numbers.whole(5, 60) };
    // The second and the third are equal: one receipt must not do for both.
    const twice = { sku, from: "south", to: "east", count: numbers.whole(5, 60) };
    const moves = asks ? [] : [once, twice, twice];
    const seed = { levels: keyed(levels, "sku", "place") };
    const after = (done: readonly (typeof once)[]): typeof levels =>
      levels.map(({ sku: article, place, count }) => {
        const mine = article === sku ? done : [];
        const sum = (part: readonly (typeof once)[]): number =>
          part.reduce((total, move) => total + move.count, 0);
        const gained = sum(mine.filter(({ to }) => to === place));
        const lost = sum(mine.filter(({ from }) => from === place));
        return { sku: article, place, count: count + gained - lost };
      });
    return {
      seed,
      order: { moves, after: after(moves) },
      request: asks
        ? `Where is ${sku}?`
        : `Move ${moves.map((move) => JSON.stringify(move)).join(", ")}.`,
      looks: [{ tool: "level", args: { sku } }],
      tasks: moves.map((args, at): Task => {
        const { count, from, to } = args;
        return {
          id: `move-${at + 1}`,
          tool: "move",
          args,
          says: `${count} are moved from ${from} to ${to}`,
          denies: `${count} could not be moved from ${from} to ${to}`,
        };
      }),
      isOrdered: false,
      plain: ["No other article was moved."],
      demand: (done) =>
        factsWith(seed, {
          levels: after(
            moves.filter((_move, at) => done.some(({ id }) => id === `move-${at + 1}`)),
          ),
        }),
      spoils: {
        amount: ({ args }) => ({ ...args, count: Number(args["count"]) + 1 }),
        target: ({ args }) => ({ ...args, to: args["to"] === "east" ? "north" : "east" }),
        foreign: ({ args }) => ({ ...args, sku: other }),
        extra: { tool: "move", args: { sku, from: "north", to: "east", count: 3 } },
        undo: ({ args: { from, to, ...rest } }) => ({
          tool: "move",
          args: { ...rest, from: to, to: from },
        }),
        instead: ({ args }) => ({ tool: "plan_move", args }),
      },
    };
  },
};
