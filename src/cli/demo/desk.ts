/** The agent of the demo. Its tools show three ways for an effect to survive a crash. */
import type { SqliteTransactor } from "../../storage/sqlite/transactor.ts";
import { agent, type AgentDefinition, type RunView } from "../../orchestration/agent.ts";
import { must } from "../../orchestration/intent.ts";
import type { ModelReference } from "../../generation/model.ts";
import type { Receipt } from "../../journal/receipt.ts";
import { isJsonObject } from "../../std/json.ts";
import { idempotent, once, read, transactional } from "../../tools/effect.ts";
import { ToolError } from "../../tools/tool-error.ts";
import type { ToolDefinition } from "../../tools/tool.ts";
import { closeTicket, type Business } from "./business.ts";
import { DESK_LIMIT_CENTS, money, type Resolution, type Ticket } from "./data.ts";
import { textField } from "./fields.ts";
import type { Payments } from "./payments-client.ts";

/** How long the desk waits for the payment service, ms. The service may hold answers longer. */
export const PATIENCE_MS = 600;

const INSTRUCTIONS = `You are the refund desk of a web shop. You are given one ticket.
Look up the order and what was paid before you decide. The customer asks about one line of it.
- Refund that line at its price, once, with the tool refund.
- A line that costs more than ${money(DESK_LIMIT_CENTS)} you may not refund: escalate it instead.
- If the line was paid back before, do not pay again.
Then close the ticket with what you did: refunded, already_refunded or escalated, and a short letter
to the customer. When the ticket is closed, say in one sentence what you did and stop.`;

export interface DeskParts {
  readonly business: Business;
  /** Opened on the same file as `business`. */
  readonly transactor: SqliteTransactor;
  readonly payments: Payments;
  readonly model: ModelReference | ((run: RunView) => ModelReference);
}

export function refundDesk(parts: DeskParts): AgentDefinition<Ticket> {
  return agent<Ticket>({
    name: "refund-desk",
    model: parts.model,
    instructions: INSTRUCTIONS,
    inputSchema: objectSchema({
      ticketId: TEXT,
      customer: TEXT,
      subject: TEXT,
      text: TEXT,
    }),
    prompt: ({ ticketId, customer, subject, text }) =>
      `Ticket ${ticketId} from ${customer}\nSubject: ${subject}\n\n${text}`,
    tools: {
      find_order: findOrder(parts),
      get_payment: getPayment(parts),
      refund: refund(parts),
      escalate: escalate(parts),
      close_ticket: closing(parts),
    },
    obligations: ({ ticketId }) => [
      { id: ticketId, what: `close ticket ${ticketId}`, tool: "close_ticket", input: { ticketId } },
    ],
    done: [must("the ticket says what was done", ({ receipts }) => tellsTruth(receipts))],
    gate: { roundsMax: 8 },
    limits: { turnsMax: 40, callsMax: 60, wallMs: 10 * 60_000 },
  });
}

/** The resolution that the customer is told, held against the receipts of what was done. */
function tellsTruth(receipts: readonly Receipt[]): boolean | string {
  const closing = receipts.findLast(({ tool }) => tool === "close_ticket");
  if (closing === undefined || !isJsonObject(closing.input)) return "the ticket is not closed";
  const did = (tool: string): boolean => receipts.some((receipt) => receipt.tool === tool);
  switch (textField(closing.input, "resolution")) {
    case "refunded":
      return did("refund") || "it says refunded, and no refund has a receipt";
    case "escalated":
      return did("escalate") || "it says escalated, and no review has a receipt";
    default:
      return !did("refund") || "it says refunded before, and this run has paid";
  }
}

/** The ticket of a run, for choosing its model. */
export function ticketIdOf({ input }: RunView): string {
  return isJsonObject(input) ? textField(input, "ticketId") : "";
}

const TEXT = { type: "string", minLength: 1, maxLength: 4_000 } as const;

function objectSchema(properties: Readonly<Record<string, object>>): object {
  const required = Object.keys(properties);
  return { type: "object", properties, required, additionalProperties: false };
}

function findOrder({ business }: DeskParts): ToolDefinition<{ readonly orderId: string }> {
  return {
    description: "Looks up an order: who placed it, when, and its lines with their prices.",
    inputSchema: objectSchema({ orderId: TEXT }),
    effect: read(),
    execute: ({ orderId }) => business.order(orderId),
  };
}

function getPayment({ payments }: DeskParts): ToolDefinition<{ readonly orderId: string }> {
  return {
    description: "Looks up what was paid for an order and what was paid back, line by line.",
    inputSchema: objectSchema({ orderId: TEXT }),
    effect: read(),
    timeoutMs: PATIENCE_MS,
    execute: ({ orderId }, { abortSignal }) => payments.payment(orderId, abortSignal),
  };
}

interface RefundInput {
  readonly orderId: string;
  readonly lineId: string;
  readonly amountCents: number;
}

/** `idempotent`: the service honours the key, so after a crash or silence it is sent again. */
function refund({ business, payments }: DeskParts): ToolDefinition<RefundInput> {
  return {
    description: "Pays back one line of an order. Each line can be paid back once.",
    inputSchema: objectSchema({
      orderId: TEXT,
      lineId: TEXT,
      amountCents: { type: "integer", minimum: 1 },
    }),
    effect: idempotent(),
    timeoutMs: PATIENCE_MS,
    receipt: (output) => (isJsonObject(output) ? (output["refundId"] ?? null) : null),
    execute: async (input, { idempotencyKey, abortSignal }) => {
      const { orderId, lineId, amountCents } = input;
      const line = business.order(orderId).lines.find((line) => line.lineId === lineId);
      if (line === undefined) throw new ToolError(`Order ${orderId} has no line ${lineId}`);
      if (line.priceCents > DESK_LIMIT_CENTS) {
        throw new ToolError(`${money(line.priceCents)} is more than the desk may refund`, {
          hint: "Escalate it.",
        });
      }
      if (amountCents !== line.priceCents) {
        throw new ToolError(`Line ${lineId} costs ${line.priceCents} cents, not ${amountCents}`);
      }
      const what = `refund ${orderId}/${lineId}`;
      if (business.reserve(what, idempotencyKey) === "taken") {
        throw new ToolError(`Line ${lineId} of ${orderId} was refunded already`, {
          hint: "Do not pay it again; tell the customer.",
        });
      }
      return whileReserved({ business, what, key: idempotencyKey }, () =>
        payments.refund(input, idempotencyKey, abortSignal),
      );
    },
  };
}

interface EscalateInput {
  readonly orderId: string;
  readonly note: string;
}

/** `once`: the service opens a review with every request, so after a crash it is asked first. */
function escalate({ business, payments }: DeskParts): ToolDefinition<EscalateInput> {
  return {
    description: "Hands a refund above the desk's limit to a person at the payment service.",
    inputSchema: objectSchema({ orderId: TEXT, note: TEXT }),
    effect: once<EscalateInput>({
      reconcile: ({ key, abortSignal }) => payments.findReview(key, abortSignal),
      settlesWithinMs: PATIENCE_MS * 2,
    }),
    timeoutMs: PATIENCE_MS,
    receipt: (output) => (isJsonObject(output) ? (output["reviewId"] ?? null) : null),
    execute: async ({ orderId, note }, { idempotencyKey, abortSignal }) => {
      business.order(orderId);
      const what = `review ${orderId}`;
      if (business.reserve(what, idempotencyKey) === "taken") {
        throw new ToolError(`Order ${orderId} is with a person already`);
      }
      return whileReserved({ business, what, key: idempotencyKey }, () =>
        payments.review({ orderId, note, reference: idempotencyKey }, abortSignal),
      );
    },
  };
}

interface CloseInput {
  readonly ticketId: string;
  readonly resolution: Resolution;
  readonly letter: string;
}

/** `transactional`: the ticket, the letter and Bridle's receipt commit together or not at all. */
function closing({ transactor }: DeskParts): ToolDefinition<CloseInput> {
  return {
    description: "Closes the ticket and sends the customer a letter. The last step of a ticket.",
    inputSchema: objectSchema({
      ticketId: TEXT,
      resolution: { enum: ["refunded", "already_refunded", "escalated"] },
      letter: TEXT,
    }),
    effect: transactional(transactor),
    execute: ({ ticketId, resolution, letter }, { tx }) => {
      closeTicket(tx, { ticketId, resolution, text: letter });
      return { ticketId, resolution };
    },
  };
}

/** Frees the reservation when the effect is known not to have happened, and only then. */
async function whileReserved<T>(
  reserved: { readonly business: Business; readonly what: string; readonly key: string },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof ToolError) reserved.business.giveUp(reserved.what, reserved.key);
    throw thrown;
  }
}
