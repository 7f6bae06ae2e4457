import { readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { Product, RetailDb, Variant } from "./db.ts";

function findProduct(db: RetailDb, productId: string): Product {
  const product = db.products.get(productId);
  if (product === undefined) throw new ToolRefusal("Product not found");
  return product;
}

/** The variant of this very product: an item of another product is not found. */
export function findVariant(db: RetailDb, productId: string, itemId: string): Variant {
  const variant = ownVariant(findProduct(db, productId), itemId);
  if (variant === undefined) throw new ToolRefusal("Variant not found");
  return variant;
}

function findItem(db: RetailDb, itemId: string): Variant {
  for (const [, product] of db.products.entries()) {
    const variant = ownVariant(product, itemId);
    if (variant !== undefined) return variant;
  }
  throw new ToolRefusal("Item not found");
}

/** A model chooses the id, so `constructor` must not find what every object inherits. */
function ownVariant(product: Product, itemId: string): Variant | undefined {
  return Object.hasOwn(product.variants, itemId) ? product.variants[itemId] : undefined;
}

function listProductTypes(db: RetailDb): Readonly<Record<string, string>> {
  const products = [...db.products.entries()].map(([, product]) => product);
  products.sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(products.map((product) => [product.name, product.product_id]));
}

export const PRODUCT_TOOLS: Readonly<Record<string, Behaviour<RetailDb>>> = {
  get_product_details: {
    effect: "read",
    run: (db, args) => findProduct(db, readText(args, "product_id")),
  },
  get_item_details: {
    effect: "read",
    run: (db, args) => findItem(db, readText(args, "item_id")),
  },
  list_all_product_types: { effect: "read", run: listProductTypes },
};
