/**
 * The customers of all runs: who is asked in each, what they have agreed to, what has been said.
 * It stands outside the harness, as a service of the shop's would, and knows no arm.
 */
import { hashJson } from "../../src/std/hash.ts";
import type { Json } from "../../src/std/json.ts";
import { FREE_WORDED, type Customer, type CustomerQuestion } from "../tau/customer.ts";
import type { Said } from "../tau/recorded.ts";

export interface Customers {
  /** Waits until the run's customer is known: a run may be ahead of whoever started it. */
  of(runId: string): Promise<Customer>;
  seat(runId: string, customer: Customer): void;
}

export function openCustomers(): Customers {
  const seats = new Map<string, PromiseWithResolvers<Customer>>();
  const seatOf = (runId: string): PromiseWithResolvers<Customer> => {
    const seat = seats.get(runId) ?? Promise.withResolvers<Customer>();
    seats.set(runId, seat);
    return seat;
  };
  return {
    of: (runId) => seatOf(runId).promise,
    seat: (runId, customer) => seatOf(runId).resolve(customer),
  };
}

/** A write as it is compared with what was agreed to. */
export interface Write {
  readonly tool: string;
  readonly input: Json;
}

/** What the customer has said yes to, in order. */
export function agreedBy(customer: Customer): readonly CustomerQuestion[] {
  return customer.asked().flatMap(({ question, answer }) => (answer.agrees ? [question] : []));
}

/** Whether the customer has agreed to this write more often than it was made. */
export function isAgreed(customer: Customer, write: Write, made: readonly Write[]): boolean {
  const same = (other: Write): boolean => isSameWrite(write, other);
  return agreedBy(customer).filter(same).length > made.filter(same).length;
}

/** The writes that were made beyond what the customer agreed to. */
export function unagreed(customer: Customer, made: readonly Write[]): readonly Write[] {
  return made.filter((write, at) => !isAgreed(customer, write, made.slice(0, at)));
}

/** Handing over to a person is the same write in any words. */
export function isSameWrite(a: Write, b: Write): boolean {
  if (a.tool !== b.tool) return false;
  return a.tool === FREE_WORDED || hashJson(a.input) === hashJson(b.input);
}

/** What every desk asks first, and what a request is the answer to. */
const OPENING = "Who are you, what can I do for you, and for what reason?";

/** What a run's conversation holds: the request, then each proposal with its answer. */
export function talkOf(request: string, customer: Customer): readonly Said[] {
  return [
    { by: "agent", text: OPENING },
    { by: "customer", text: request },
    ...customer.asked().flatMap(({ question: { tool, input }, answer }): readonly Said[] => [
      { by: "agent", text: `I will do this: ${tool} ${JSON.stringify(input)}. Do you want it?` },
      { by: "customer", text: answer.text },
    ]),
  ];
}
