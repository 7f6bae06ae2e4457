/**
 * Where the labels of the recorded tasks and the airline's written policy say different things.
 *
 * A dispute covers one task, one tool and the named rules, and for each it gives what the policy
 * says. It hides nothing: a covered write still counts as touched. Whether the labels as corrected
 * since (tau2) still hold the write is looked up by the proof, not claimed here.
 */
export interface Dispute {
  /** The tau-bench task, 0 to 49. */
  readonly taskId: number;
  readonly tool: string;
  readonly rules: readonly string[];
  /** `label`: the reference breaks the policy. `order`: it is the order of the steps that does. */
  readonly kind: "label" | "order";
  /** tau2's task that still holds the write, where it is denied there for the same reason. */
  readonly correctedTaskId?: string;
  /** What the written policy says, and why this write is against it. */
  readonly why: string;
}

const FLOWN =
  "Only a trip of which nothing was flown can be cancelled; NQNU5R was flown on 13 and 14 May.";
const DELAYED =
  "For a delay a certificate is given to a customer who wants to change or cancel the trip, " +
  "after that was done, and who asks for it. ";
const COVERED = "Insurance lets an economy reservation be cancelled for health or weather. ";

export const DISPUTES: readonly Dispute[] = [
  {
    taskId: 16,
    tool: "send_certificate",
    rules: ["refund/delayed-after-change"],
    kind: "label",
    why: `${DELAYED}This customer changes and cancels nothing.`,
  },
  {
    taskId: 19,
    tool: "update_reservation_baggages",
    rules: ["bags/regular"],
    kind: "label",
    why:
      "A regular member checks 1 bag for each economy passenger free of charge; the reference " +
      "charges for the first.",
  },
  {
    taskId: 22,
    tool: "update_reservation_flights",
    rules: ["change/basic-economy"],
    kind: "order",
    why:
      "Flights in basic economy cannot be changed; the cabin can, with the same flights. The " +
      "reference changes the cabin first and the flights then. This run left the first step out.",
  },
  {
    taskId: 26,
    tool: "cancel_reservation",
    rules: ["cancel/not-flown"],
    kind: "label",
    why: FLOWN,
  },
  {
    taskId: 27,
    tool: "cancel_reservation",
    rules: ["cancel/not-flown"],
    kind: "label",
    why: FLOWN,
  },
  {
    taskId: 28,
    tool: "cancel_reservation",
    rules: ["cancel/entitled"],
    kind: "label",
    why:
      `${COVERED}This customer gives personal reasons; MSJ4OA is economy and 10 days old. The ` +
      "corrected task keeps the write, while that of task 33 refuses one for the same want.",
    correctedTaskId: "39",
  },
  {
    taskId: 31,
    tool: "cancel_reservation",
    rules: ["cancel/entitled"],
    kind: "label",
    why: `${COVERED}This customer has booked two flights on one day by mistake.`,
  },
  {
    taskId: 33,
    tool: "cancel_reservation",
    rules: ["cancel/entitled", "cancel/reason-known"],
    kind: "label",
    why: `${COVERED}This customer finds the flights of S61CZX too long.`,
  },
  {
    taskId: 34,
    tool: "cancel_reservation",
    rules: ["cancel/entitled"],
    kind: "label",
    why:
      `${COVERED}This customer gives neither, and upgrades to economy only to cancel. The ` +
      "corrected task keeps the writes, but has made the customer sick and the cabin business.",
  },
  {
    taskId: 45,
    tool: "send_certificate",
    rules: ["refund/delayed-after-change"],
    kind: "label",
    why: `${DELAYED}This customer changes and cancels nothing.`,
  },
  {
    taskId: 46,
    tool: "send_certificate",
    rules: ["refund/delayed-after-change", "refund/asked-for"],
    kind: "label",
    why: `${DELAYED}This customer changes and cancels nothing, and does not ask for money.`,
  },
];

/** The dispute that covers a touched write: every rule that denies it must be named there. */
export function disputeOf(
  write: { readonly taskId: number; readonly tool: string },
  rules: readonly string[],
): Dispute | undefined {
  return DISPUTES.find(
    (dispute) =>
      dispute.taskId === write.taskId &&
      dispute.tool === write.tool &&
      rules.length > 0 &&
      rules.every((rule) => dispute.rules.includes(rule)),
  );
}
