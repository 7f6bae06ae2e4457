import type { JsonObject } from "../../../src/std/json.ts";
import { readText } from "../args.ts";
import { roundCents } from "../money.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { Address, GiftCard, PaymentMethod, RetailDb, User } from "./db.ts";

function findUser(db: RetailDb, userId: string): User {
  const user = db.users.get(userId);
  if (user === undefined) throw new ToolRefusal("User not found");
  return user;
}

/** A payment method of this user. A model chooses the id, so inherited names do not count. */
export function findPaymentMethod(db: RetailDb, userId: string, methodId: string): PaymentMethod {
  const methods = findUser(db, userId).payment_methods;
  const method = Object.hasOwn(methods, methodId) ? methods[methodId] : undefined;
  if (method === undefined) throw new ToolRefusal("Payment method not found");
  return method;
}

/** True when the method is a gift card that cannot pay the amount. Other methods always can. */
export function isShort(method: PaymentMethod, amount: number): boolean {
  return method.source === "gift_card" && method.balance < amount;
}

/** Adds to a gift card's balance at once. Other methods settle later, outside the database. */
export function creditGiftCard(
  db: RetailDb,
  owner: { readonly userId: string; readonly methodId: string },
  amount: number,
): void {
  const method = findPaymentMethod(db, owner.userId, owner.methodId);
  if (method.source !== "gift_card") return;
  const user = findUser(db, owner.userId);
  const credited: GiftCard = { ...method, balance: roundCents(method.balance + amount) };
  db.users.put(owner.userId, {
    ...user,
    payment_methods: { ...user.payment_methods, [owner.methodId]: credited },
  });
}

/** An address from a call. `address2` may be empty but not left out. */
export function readAddress(args: JsonObject): Address {
  return {
    address1: readText(args, "address1"),
    address2: readText(args, "address2"),
    city: readText(args, "city"),
    country: readText(args, "country"),
    state: readText(args, "state"),
    zip: readText(args, "zip"),
  };
}

function findUserId(db: RetailDb, isWanted: (user: User) => boolean): string {
  for (const [userId, user] of db.users.entries()) if (isWanted(user)) return userId;
  throw new ToolRefusal("User not found");
}

function findUserIdByEmail(db: RetailDb, args: JsonObject): string {
  const email = readText(args, "email").toLowerCase();
  return findUserId(db, (user) => user.email.toLowerCase() === email);
}

function findUserIdByNameZip(db: RetailDb, args: JsonObject): string {
  const firstName = readText(args, "first_name").toLowerCase();
  const lastName = readText(args, "last_name").toLowerCase();
  const zip = readText(args, "zip");
  return findUserId(
    db,
    ({ name, address }) =>
      name.first_name.toLowerCase() === firstName &&
      name.last_name.toLowerCase() === lastName &&
      address.zip === zip,
  );
}

function modifyUserAddress(db: RetailDb, args: JsonObject): User {
  const userId = readText(args, "user_id");
  const user = { ...findUser(db, userId), address: readAddress(args) };
  db.users.put(userId, user);
  return user;
}

export const USER_TOOLS: Readonly<Record<string, Behaviour<RetailDb>>> = {
  find_user_id_by_email: { effect: "read", run: findUserIdByEmail },
  find_user_id_by_name_zip: { effect: "read", run: findUserIdByNameZip },
  get_user_details: {
    effect: "read",
    run: (db, args) => findUser(db, readText(args, "user_id")),
  },
  modify_user_address: { effect: "write", run: modifyUserAddress },
};
