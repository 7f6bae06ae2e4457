/**
 * What the outside service can do, by line of business. It is as obliging as real services are:
 * it pays twice when asked twice, and takes whoever's order it is given.
 */
import type { JsonObject } from "../../src/std/json.ts";
import type { Records } from "./book.ts";
import { textOf } from "./text.ts";

/** Changes records under the id of the new effect; hands back what its answer says beside it. */
type Act = (records: Records, args: JsonObject, id: string) => JsonObject;
type Look = (records: Records, args: JsonObject) => JsonObject;

export interface Domain {
  /** Of its ids; empty: they are plain numbers. */
  readonly prefix: string;
  readonly acts: Readonly<Record<string, Act>>;
  readonly looks: Readonly<Record<string, Look>>;
}

/** A rule of the business says no: nothing was changed. */
export class Refusal extends Error {}

/** Adds one record for each act. */
function adds(kind: string): Act {
  return (records, args, id) => {
    records.put(kind, id, args);
    return {};
  };
}

/** Takes the record of an earlier effect away. */
function takesBack(kind: string, named: string): Act {
  return (records, args) => {
    if (!records.drop(kind, textOf(args[named]))) throw new Refusal(`no such ${named}`);
    return {};
  };
}

/** Everything of a kind whose member is the one asked for. */
function lists(kind: string, member: string): Look {
  return (records, args) => ({
    [kind]: records.all(kind).filter((body) => body[member] === args[member]),
  });
}

const previews: Look = (_records, args) => ({ preview: true, ...args });

/** Changes a record that is there. */
function changes(kind: string, keys: readonly string[]): Act {
  return (records, args) => {
    const id = keys.map((key) => textOf(args[key])).join("/");
    const before = records.get(kind, id);
    if (before === undefined) throw new Refusal(`no such ${keys.join(" and ")}`);
    records.put(kind, id, { ...before, ...args });
    return {};
  };
}

const bookSeat: Act = (records, args, id) => {
  const isTaken = records
    .all("bookings")
    .some(({ flight, seat }) => flight === args["flight"] && seat === args["seat"]);
  const status = isTaken ? "waitlisted" : "confirmed";
  records.put("bookings", id, { ...args, status });
  return { status };
};

const cancelPlan: Act = (records, args) => {
  const account = textOf(args["account"]);
  const afterExport = records.get("exports", account) !== undefined;
  records.put("plans", `${account}/${textOf(args["plan"])}`, {
    ...args,
    state: "cancelled",
    afterExport,
  });
  return {};
};

const changeAddress: Act = (records, args) => {
  const customer = textOf(args["customer"]);
  const verified = records.get("checks", customer) !== undefined;
  records.put("addresses", `${customer}/${textOf(args["kind"])}`, { ...args, verified });
  return {};
};

const deploy: Act = (records, { service, version }) => {
  const name = textOf(service);
  const before = records.get("running", name);
  const backedUp = records.get("backups", name) !== undefined;
  const isBad = records.get("bad", textOf(version)) !== undefined;
  records.put("running", name, { service: name, version: textOf(version), backedUp });
  return { healthy: !isBad, previous: before?.["version"] ?? null, service: name };
};

const rollback: Act = (records, { service, to }) => {
  const before = records.get("running", textOf(service));
  if (before === undefined) throw new Refusal("nothing runs there");
  records.put("running", textOf(service), { ...before, version: textOf(to) });
  return {};
};

const move: Act = (records, { sku, from, to, count }) => {
  for (const [place, sign] of [
    [textOf(from), -1],
    [textOf(to), 1],
  ] as const) {
    const level = records.get("levels", `${textOf(sku)}/${place}`);
    if (level === undefined) throw new Refusal(`${place} keeps no ${textOf(sku)}`);
    const left = Number(level["count"]) + sign * Number(count);
    if (left < 0) throw new Refusal(`${place} has too few`);
    records.put("levels", `${textOf(sku)}/${place}`, { ...level, count: left });
  }
  return {};
};

const erase: Act = (records, args) => {
  const id = `${textOf(args["person"])}/${textOf(args["system"])}`;
  if (!records.drop("profiles", id)) throw new Refusal("there is no such profile");
  return {};
};

const restore: Act = (records, { person, system }) => {
  records.put("profiles", `${textOf(person)}/${textOf(system)}`, {
    person: textOf(person),
    system: textOf(system),
  });
  return {};
};

export const domains: Readonly<Record<string, Domain>> = {
  refunds: {
    prefix: "re",
    acts: { refund: adds("refunds"), void_refund: takesBack("refunds", "refund") },
    looks: { find_order: lists("lines", "order"), preview_refund: previews },
  },
  orders: {
    prefix: "ch",
    acts: {
      change_item: changes("items", ["order", "item"]),
      change_note: changes("orders", ["order"]),
    },
    looks: {
      read_request: (records, { request }) => records.get("requests", textOf(request)) ?? {},
      find_items: lists("items", "order"),
      preview_change: previews,
    },
  },
  bookings: {
    prefix: "bk",
    acts: { book_seat: bookSeat, release_seat: takesBack("bookings", "booking") },
    looks: { seat_map: lists("bookings", "flight"), preview_seat: previews },
  },
  subscriptions: {
    prefix: "sb",
    acts: {
      export_data: (records, args) => {
        records.put("exports", textOf(args["account"]), args);
        return {};
      },
      cancel_plan: cancelPlan,
      give_credit: adds("credits"),
      delete_account: takesBack("accounts", "account"),
    },
    looks: { find_plans: lists("plans", "account"), preview_cancel: previews },
  },
  invoices: {
    prefix: "",
    acts: { pay_invoice: adds("payments"), recall_payment: takesBack("payments", "payment") },
    looks: { list_invoices: lists("invoices", "payee"), preview_payment: previews },
  },
  addresses: {
    prefix: "ad",
    acts: {
      verify_identity: (records, args) => {
        records.put("checks", textOf(args["customer"]), args);
        return {};
      },
      change_address: changeAddress,
    },
    looks: { find_customer: lists("addresses", "customer"), preview_address: previews },
  },
  shipments: {
    prefix: "lb",
    acts: { ship: adds("labels"), void_label: takesBack("labels", "label") },
    looks: { list_parcels: lists("parcels", "order"), quote: previews },
  },
  deployments: {
    prefix: "dp",
    acts: {
      back_up: (records, args) => {
        records.put("backups", textOf(args["service"]), args);
        return {};
      },
      deploy,
      rollback,
      restart: adds("restarts"),
    },
    looks: { service_status: lists("running", "service"), dry_run: previews },
  },
  erasures: {
    prefix: "er",
    acts: { erase, restore },
    looks: { find_profiles: lists("profiles", "person"), preview_erase: previews },
  },
  payouts: {
    prefix: "pc",
    acts: { pay_claim: adds("payouts"), reverse_payout: takesBack("payouts", "payout") },
    looks: { read_claims: lists("claims", "holder"), estimate: previews },
  },
  stock: {
    prefix: "mv",
    acts: { move },
    looks: { level: lists("levels", "sku"), plan_move: previews },
  },
  tickets: {
    prefix: "rp",
    acts: {
      reply: adds("replies"),
      retract: takesBack("replies", "reply"),
      close_ticket: changes("tickets", ["ticket"]),
    },
    looks: { read_ticket: lists("questions", "ticket"), draft: previews },
  },
};
