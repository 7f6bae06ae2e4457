import type { Scenario } from "../plan.ts";
import { addresses } from "./addresses.ts";
import { bookings } from "./bookings.ts";
import { deployments } from "./deployments.ts";
import { erasures } from "./erasures.ts";
import { invoices } from "./invoices.ts";
import { orders } from "./orders.ts";
import { payouts } from "./payouts.ts";
import { refunds } from "./refunds.ts";
import { shipments } from "./shipments.ts";
import { stock } from "./stock.ts";
import { subscriptions } from "./subscriptions.ts";
import { tickets } from "./tickets.ts";

/** The business that is tried, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  refunds,
  orders,
  bookings,
  subscriptions,
  invoices,
  addresses,
  shipments,
  deployments,
  erasures,
  payouts,
  stock,
  tickets,
];
