/**
 * The retail rows as the public file holds them. They are type aliases, not interfaces, because
 * only an alias is known to be JSON, and rows are handed out as tool results.
 */
import { createTable, type Rows, type Table } from "../table.ts";

export type Address = {
  readonly address1: string;
  readonly address2: string;
  readonly city: string;
  readonly country: string;
  readonly state: string;
  readonly zip: string;
};

export type GiftCard = {
  readonly source: "gift_card";
  readonly id: string;
  readonly balance: number;
};

export type PaymentMethod =
  | GiftCard
  | {
      readonly source: "credit_card";
      readonly id: string;
      readonly brand: string;
      readonly last_four: string;
    }
  | { readonly source: "paypal"; readonly id: string };

export type User = {
  readonly user_id: string;
  readonly name: { readonly first_name: string; readonly last_name: string };
  readonly address: Address;
  readonly email: string;
  readonly payment_methods: Readonly<Record<string, PaymentMethod>>;
  readonly orders: readonly string[];
};

/** One thing on the shelf. Price in US dollars. */
export type Variant = {
  readonly item_id: string;
  readonly options: Readonly<Record<string, string>>;
  readonly available: boolean;
  readonly price: number;
};

export type Product = {
  readonly name: string;
  readonly product_id: string;
  readonly variants: Readonly<Record<string, Variant>>;
};

export type OrderItem = {
  readonly name: string;
  readonly product_id: string;
  readonly item_id: string;
  readonly price: number;
  readonly options: Readonly<Record<string, string>>;
};

/** US dollars, with cents; `refund` says the direction, the amount is never negative. */
export type OrderPayment = {
  readonly transaction_type: "payment" | "refund";
  readonly amount: number;
  readonly payment_method_id: string;
};

/** A field with a question mark is there once the thing it tells of has happened. */
export type Order = {
  readonly order_id: string;
  readonly user_id: string;
  readonly address: Address;
  readonly items: readonly OrderItem[];
  readonly status: string;
  readonly fulfillments: readonly {
    readonly tracking_id: readonly string[];
    readonly item_ids: readonly string[];
  }[];
  readonly payment_history: readonly OrderPayment[];
  readonly cancel_reason?: string;
  readonly exchange_items?: readonly string[];
  readonly exchange_new_items?: readonly string[];
  readonly exchange_payment_method_id?: string;
  readonly exchange_price_difference?: number;
  readonly return_items?: readonly string[];
  readonly return_payment_method_id?: string;
};

/** What the file holds, shared by every database made from it. */
export interface RetailRows {
  readonly orders: Rows<Order>;
  readonly products: Rows<Product>;
  readonly users: Rows<User>;
}

/** One run's retail world. */
export interface RetailDb {
  readonly kind: "retail";
  readonly orders: Table<Order>;
  readonly products: Table<Product>;
  readonly users: Table<User>;
}

/** A retail world nobody has written to. */
export function createRetailDb(rows: RetailRows): RetailDb {
  return {
    kind: "retail",
    orders: createTable(rows.orders),
    products: createTable(rows.products),
    users: createTable(rows.users),
  };
}
