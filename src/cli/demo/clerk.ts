/**
 * The simulated model: it knows the right steps of each ticket and takes a wrong one at a known
 * rate. It errs in ways that the desk's declarations catch and a model can repair, a "done" that is
 * not true among them. A wrong but valid value and a write that nobody asked for are left out of
 * the mix, and the demo says so: they need policies and confirmations, which it does not declare.
 */
import type { Action } from "../../chaos/action-script.ts";
import { FAULT_KINDS, type FaultCounts, type FaultMix } from "../../chaos/decision-fault.ts";
import { simulatedModel, type SimulatedModel } from "../../chaos/simulated-model.ts";
import { money, type DeskCase } from "./data.ts";

export const ERROR_RATE = 0.2;

export const MIX: FaultMix = {
  malformed_arguments: 0.2,
  unknown_tool: 0.15,
  invalid_arguments: 0.25,
  repeated_write: 0.2,
  early_done: 0.2,
  wrong_value: 0,
  extra_write: 0,
  prose: 0,
};

/** A model for each ticket, by the ticket's id. */
export function clerks(
  cases: readonly DeskCase[],
  seed: number,
): ReadonlyMap<string, SimulatedModel> {
  return new Map(
    cases.map((one) => {
      const { ticketId } = one.ticket;
      const model = simulatedModel({
        key: ticketId,
        seed,
        errorRate: ERROR_RATE,
        mix: MIX,
        writeTools: ["refund", "escalate", "close_ticket"],
        actions: stepsFor(one),
        finalText: `Ticket ${ticketId} is done: ${one.truth.resolution}.`,
      });
      return [ticketId, model];
    }),
  );
}

/** The errors of all models together; kinds that did not occur are left out. */
export function injectedBy(models: Iterable<SimulatedModel>): Partial<FaultCounts> {
  const counts: Partial<Record<keyof FaultCounts, number>> = {};
  for (const model of models) {
    const injected = model.injected();
    for (const kind of FAULT_KINDS) {
      if (injected[kind] > 0) counts[kind] = (counts[kind] ?? 0) + injected[kind];
    }
  }
  return counts;
}

function stepsFor({ ticket, order, truth }: DeskCase): readonly Action[] {
  const { orderId, lineId, amountCents, resolution } = truth;
  const item = order.lines.find((line) => line.lineId === lineId)?.item ?? "item";
  const note = `${ticket.customer} asks ${money(amountCents)} back for the ${item}.`;
  // Whoever asks a second time is believed at first: the desk's own rule has to say no.
  const act: Action =
    resolution === "escalated"
      ? { name: "escalate", arguments: { orderId, note } }
      : { name: "refund", arguments: { orderId, lineId, amountCents } };
  const letters = {
    refunded: `We have refunded ${money(amountCents)} for the ${item}.`,
    already_refunded: `The ${item} was refunded before; please look at your earlier statements.`,
    escalated: `A colleague will look at the refund of the ${item} and write to you.`,
  };
  return [
    { name: "find_order", arguments: { orderId } },
    { name: "get_payment", arguments: { orderId } },
    act,
    {
      name: "close_ticket",
      arguments: { ticketId: ticket.ticketId, resolution, letter: letters[resolution] },
    },
  ];
}
