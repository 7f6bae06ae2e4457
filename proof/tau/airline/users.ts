import type { JsonObject } from "../../../src/std/json.ts";
import { readNumber, readText } from "../args.ts";
import { ToolRefusal, type Behaviour } from "../tool.ts";
import type { AirlineDb, PaymentMethod, User } from "./db.ts";

/** A task hands out at most three certificates; their ids are fixed so that states compare. */
const CERTIFICATE_IDS = ["certificate_3221322", "certificate_3221323", "certificate_3221324"];

/** The user, or the refusal every tool words this way. */
export function findUser(db: AirlineDb, userId: string): User {
  const user = db.users.get(userId);
  if (user === undefined) throw new ToolRefusal("user not found");
  return user;
}

/** A payment method of this user. A model chooses the id, so inherited names do not count. */
export function ownMethod(user: User, paymentId: string): PaymentMethod | undefined {
  return Object.hasOwn(user.payment_methods, paymentId)
    ? user.payment_methods[paymentId]
    : undefined;
}

/** True when the method holds money of its own and less than the amount. */
export function isShort(method: PaymentMethod, amount: number): boolean {
  return method.source !== "credit_card" && method.amount < amount;
}

/**
 * The user after paying: a gift card keeps the rest, a certificate is used up whole, and a credit
 * card is charged elsewhere. The caller has checked that the method can pay.
 */
export function payWith(user: User, paymentId: string, amount: number): User {
  const method = ownMethod(user, paymentId);
  if (method === undefined) throw new ToolRefusal(`'${paymentId}'`);
  if (method.source === "credit_card") return user;
  const { [paymentId]: _paid, ...others } = user.payment_methods;
  if (method.source === "certificate") return { ...user, payment_methods: others };
  const left = { ...method, amount: method.amount - amount };
  return { ...user, payment_methods: { ...user.payment_methods, [paymentId]: left } };
}

function sendCertificate(db: AirlineDb, args: JsonObject): string {
  const userId = readText(args, "user_id");
  const amount = readNumber(args, "amount");
  const user = findUser(db, userId);
  const id = CERTIFICATE_IDS.find((candidate) => ownMethod(user, candidate) === undefined);
  if (id === undefined) throw new ToolRefusal("Too many certificates");
  const certificate: PaymentMethod = { source: "certificate", amount, id };
  db.users.put(userId, {
    ...user,
    payment_methods: { ...user.payment_methods, [id]: certificate },
  });
  return `Certificate ${id} added to user ${userId} with amount ${amount}.`;
}

export const USER_TOOLS: Readonly<Record<string, Behaviour<AirlineDb>>> = {
  get_user_details: {
    effect: "read",
    run: (db, args) => findUser(db, readText(args, "user_id")),
  },
  send_certificate: { effect: "write", run: sendCertificate },
};
