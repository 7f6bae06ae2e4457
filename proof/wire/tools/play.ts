/** The faults of tools: each strikes an HTTP tool with an effect, once and always. */
import {
  oracleModel,
  startToolProxy,
  startWireServer,
  toolFaults,
  type ToolFault,
} from "../../../src/chaos/door.ts";
import { embedded, harness, memoryStore } from "../../../src/index.ts";
import type { Outcome } from "../../../src/journal/outcome.ts";
import { MODEL_ID } from "../peers/peer.ts";
import { httpPayer, SCRIPT, type PayClass } from "./payer.ts";
import { startTill, type Till } from "./till.ts";

export interface ToolCase {
  readonly fault: ToolFault;
  readonly payClass: PayClass;
  readonly schedule: "once" | "always";
}

export interface PlayedTool {
  readonly given: ToolCase;
  /** Null for a run that did not end in time. */
  readonly outcome: Outcome | null;
  readonly paid: number;
  readonly shown: number;
  readonly ms: number;
}

const PATIENCE_MS = 60_000;

/** A second is the shortest time that a rate limit can name. */
const ARGUMENTS: Readonly<Record<string, string>> = { rate_limited: "1", slow: "200", drip: "200" };

/**
 * A proxy that delivers twice pays twice at a service without keys, whoever asks: that is tried
 * only where the service keeps keys.
 */
export function toolCases(): readonly ToolCase[] {
  const classes: readonly PayClass[] = ["once", "idempotent"];
  return toolFaults.flatMap((fault) =>
    classes
      .filter((payClass) => fault.name !== "duplicate_delivery" || payClass === "idempotent")
      .flatMap((payClass) => [
        { fault, payClass, schedule: "once" as const },
        { fault, payClass, schedule: "always" as const },
      ]),
  );
}

export function toolKeyOf({ fault, payClass, schedule }: ToolCase): string {
  return `${payClass} ${fault.name} ${schedule}`;
}

export interface ToolDesk {
  play(given: ToolCase): Promise<PlayedTool>;
  close(): Promise<void>;
}

export async function openToolDesk(): Promise<ToolDesk> {
  const till = await startTill();
  return { play: (given) => playTool(till, given), close: () => till.close() };
}

async function playTool(till: Till, given: ToolCase): Promise<PlayedTool> {
  const { fault, payClass } = given;
  const desk = toolKeyOf(given);
  const method = fault.readsOnly === true ? "GET" : "POST";
  const proxy = await startToolProxy({
    upstream: till.urlFor(desk),
    plan: planOf(given),
    strikes: (request) => request.method === method,
  });
  const model = oracleModel({
    key: desk,
    actions: SCRIPT,
    finalText: "Order A-1042 is paid.",
    isRetryable: (text) => text.startsWith("Error"),
    attemptsMax: 100,
  });
  const server = await startWireServer({ models: () => model });
  const startedAt = performance.now();
  const agent = httpPayer({
    model: { baseURL: server.urlFor(""), modelId: MODEL_ID },
    url: proxy.url,
    payClass,
  });
  const bridle = await harness({ agents: [agent], store: memoryStore(), engine: embedded() });
  try {
    const run = await bridle.start(agent, { input: "Pay order A-1042." });
    const outcome = await soon(run.outcome());
    return {
      given,
      outcome,
      paid: till.paid(desk),
      shown: proxy.report().faults[fault.name]?.injected ?? 0,
      ms: Math.round(performance.now() - startedAt),
    };
  } finally {
    await bridle.close(0);
    await Promise.all([proxy.close(), server.close()]);
  }
}

/**
 * Once is once for the whole run, under whatever key. What is read strikes at the second look: only
 * then there is something older to answer.
 */
function planOf({ fault, schedule }: ToolCase): () => readonly string[] {
  const argument = ARGUMENTS[fault.name];
  const spec = argument === undefined ? fault.name : `${fault.name}:${argument}`;
  const due = fault.readsOnly === true ? 2 : 1;
  let requests = 0;
  return () => {
    requests += 1;
    return schedule === "always" || requests === due ? [spec] : [];
  };
}

async function soon(ending: Promise<Outcome>): Promise<Outcome | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  // Whoever is not waited for any longer is stopped, and says so.
  ending.catch(() => undefined);
  try {
    return await Promise.race([ending, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Null: declared. */
export function judgeTool({ given, outcome, paid, shown }: PlayedTool): string | null {
  if (shown === 0) return "the fault did not show";
  if (paid > 1) return `the payment was made ${paid} times`;
  if (outcome === null) return "the run did not end";
  const { kind, reason, receipts } = outcome;
  if (kind === "succeeded") {
    if (paid === 0) return "the run succeeded and nothing was paid";
    const known = receipts.filter(({ tool }) => tool === "pay").length;
    return known === paid ? null : `${paid} payments and ${known} receipts`;
  }
  const isNamed = receipts.some(({ tool }) => tool === "pay") || outcome.inDoubt.length > 0;
  if (paid > 0 && !isNamed) return "a payment was made, and the outcome does not say so";
  if (kind !== "failed_recoverable") return `the run ended as ${kind}: ${reason.code}`;
  return given.schedule === "always" ? null : `the run ended for ${reason.code}`;
}
