/** Items of an order are changed, as a request in the shop's own system says. */
import { must } from "../../../src/index.ts";
import { isJsonObject } from "../../../src/std/json.ts";
import { factsWith, keyed, rowsOf, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

const fields = { order: "text", item: "whole", sku: "text" } as const;

export const orders: Scenario = {
  name: "orders",
  domain: "orders",
  obliges: true,
  cited: true,
  completes: [],
  tools: (kit) => ({
    read_request: kit.look("read_request", {
      says: "Use this to read what the customer confirmed.",
      fields: { request: "text" },
      // What the shop's system says was confirmed must be done: the model is not asked.
      obliges: ({ output }: { readonly output: unknown }) =>
        (isJsonObject(output) ? rowsOf(output, "changes") : []).map((change) => ({
          id: `change:${textOf(change["item"])}`,
          what: `change item ${textOf(change["item"])} to ${textOf(change["sku"])}`,
          tool: "change_item",
          input: change,
        })),
    }),
    find_items: kit.look("find_items", {
      says: "Use this to see the items of one order.",
      fields: { order: "text" },
    }),
    preview_change: kit.look("preview_change", {
      says: "Use this to see the price of a change. It changes nothing.",
      fields,
    }),
    change_item: kit.act("change_item", {
      says: "Use this to change one item of an order to another one.",
      fields,
      claims: ["has been changed", "is changed", "now changed"],
    }),
    change_note: kit.act("change_note", {
      says: "Use this to write a note on an order.",
      fields: { order: "text", note: "text" },
    }),
  }),
  gate: () => ({
    effects: "obliged",
    done: [must("the request was read", { tool: "read_request", min: 1 })],
  }),
  plan: (numbers, asks) => {
    const [order, other, request] = [numbers.code("B"), numbers.code("B"), numbers.code("Q")];
    const items = Array.from({ length: 4 }, (_, at) => ({
      order,
      item: at + 1,
      sku: numbers.code("S"),
    }));
    const foreign = { order: other, item: 1, sku: numbers.code("S") };
    const changes = asks
      ? []
      : items.slice(0, 3).map((item) => ({ ...item, sku: numbers.code("S") }));
    const seed = {
      items: keyed([...items, foreign], "order", "item"),
      orders: keyed([{ order }, { order: other }], "order"),
      requests: { [request]: { changes } },
    };
    const isChanged = (item: object, done: readonly Task[]): Task | undefined =>
      done.find(
        ({ args }) =>
          "item" in item && args["item"] === item.item && "order" in item && item.order === order,
      );
    return {
      seed,
      order: { request },
      request: asks
        ? `What is in my order ${order} (${request})?`
        : `Please do as ${request} says.`,
      looks: [
        { tool: "read_request", args: { request } },
        { tool: "find_items", args: { order } },
      ],
      tasks: changes.map((args): Task => {
        const says = `Item ${args.item} is changed to ${args.sku}`;
        const denies = `Item ${args.item} was not changed`;
        return { id: `change:${args.item}`, tool: "change_item", args, says, denies };
      }),
      isOrdered: false,
      plain: ["No other item is changed."],
      demand: (done) =>
        factsWith(seed, {
          items: [...items, foreign].map((item) => isChanged(item, done)?.args ?? item),
        }),
      spoils: {
        amount: ({ args }) => ({ ...args, sku: "S000" }),
        target: ({ args }) => ({ ...args, item: 4 }),
        foreign: ({ args }) => ({ ...args, order: other, item: 1 }),
        extra: { tool: "change_note", args: { order, note: "a good customer" } },
        instead: ({ args }) => ({ tool: "preview_change", args }),
      },
    };
  },
};
