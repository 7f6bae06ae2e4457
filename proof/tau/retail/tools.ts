import type { JsonObject } from "../../../src/std/json.ts";
import { DESK } from "../desk.ts";
import type { Behaviour } from "../tool.ts";
import type { RetailDb } from "./db.ts";
import { ITEM_TOOLS } from "./items.ts";
import { ORDER_TOOLS } from "./orders.ts";
import { PRODUCT_TOOLS } from "./products.ts";
import { USER_TOOLS } from "./users.ts";

/** Retail as tau2-bench (commit a2c0247) has it: its tasks and its database need its rules. */
export const RETAIL_TOOLS: Readonly<Record<string, Behaviour<RetailDb>>> = {
  ...DESK,
  ...ITEM_TOOLS,
  ...ORDER_TOOLS,
  ...PRODUCT_TOOLS,
  ...USER_TOOLS,
};

/**
 * The schema file is tau-bench's, which had no tool for one item. tau2's tasks call it three times.
 */
export const RETAIL_ADDED_SCHEMAS: readonly JsonObject[] = [
  {
    name: "get_item_details",
    description: "Get the inventory details of an item.",
    parameters: {
      type: "object",
      properties: {
        item_id: {
          type: "string",
          description:
            "The item id, such as '6086499569'. Be careful the item id is different from the product id.",
        },
      },
      required: ["item_id"],
    },
  },
];
