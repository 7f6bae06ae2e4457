/**
 * The ways in which a tool behind HTTP fails. The dangerous ones happen after the service has done
 * what it was asked for: whoever takes them for "it did not happen" does it twice.
 *
 * F1 A fault acts in place of the service (`before`), or on what the service answered. So it is
 *    known of each whether the service was called.
 * F2 A fault that finds nothing to spoil does not strike, and is not counted.
 */
import { parseJson } from "../std/json.ts";
import { pick, type Random } from "../std/random.ts";
import type { SocketStep } from "./deliver.ts";
import type { FaultArgument } from "./fault-spec.ts";
import { driftKinds, driftShape } from "./schema-drift.ts";
import {
  isSuccess,
  jsonAnswer,
  jsonText,
  type ToolAnswer,
  type ToolRequest,
} from "./tool-answer.ts";

export interface ToolFaultContext {
  readonly request: ToolRequest;
  /** What stands behind the colon of its spec. */
  readonly argument: string | undefined;
  /** Seeded by the plan's seed, the fault, the request's identity and which of them it is. */
  readonly random: Random;
  readonly seed: number;
  /** What this read answered before the last write. */
  stale(): ToolAnswer | undefined;
}

export interface ToolFault {
  readonly name: string;
  /** One line, for the help. */
  readonly summary: string;
  /** Absent when the fault takes none. */
  readonly argument?: FaultArgument;
  /** True: it strikes GET requests alone. */
  readonly readsOnly?: true;
  /** A client that it strikes cannot see that the service did what it was asked for. */
  readonly hides: boolean;
  /** In place of calling the service. Undefined: it does not strike. */
  before?(context: ToolFaultContext): ToolAnswer | "reset" | undefined;
  /** For so long after it struck, nobody gets in: the proxy goes on to refuse. */
  blocksForMs?(context: ToolFaultContext): number;
  /** How often the service is called; the last answer counts. */
  readonly deliveries?: number;
  /** On what the service answered. Undefined: it does not strike. */
  answer?(answer: ToolAnswer, context: ToolFaultContext): ToolAnswer | undefined;
  /** On how the answer goes out. Undefined: it does not strike. */
  steps?(
    steps: readonly SocketStep[],
    context: ToolFaultContext,
  ): readonly SocketStep[] | undefined;
}

/** What a load balancer says for a service that is not there. */
const HTML =
  "<!DOCTYPE html><html><head><title>Just a moment</title></head>" +
  "<body><h1>Just a moment</h1><p>The page you asked for is being prepared.</p></body></html>";

const MS_MAX = 600_000;
const SECONDS_MAX = 3_600;
const SLOW_MS = 1_000;
const DRIP_MS = 2_000;
const DRIP_PIECES = 20;
const RETRY_AFTER_SECONDS = 2;
const wrongStatuses = ["201", "204"] as const;
const cuts = ["right", "wrong"] as const;

const ms = {
  shown: "milliseconds",
  fits: (text: string): boolean => isWholeUpTo(text, MS_MAX),
};

export const toolFaults: readonly ToolFault[] = [
  {
    name: "fail_before",
    summary: "503, and the service is never called",
    hides: false,
    before: () => jsonAnswer(503, "unavailable", "The service is not available."),
  },
  {
    name: "refuse_before",
    summary: "the connection is reset before the service is called",
    hides: false,
    before: () => "reset",
  },
  {
    name: "rate_limited",
    summary: "429 with retry-after, which the proxy then enforces for everybody",
    argument: {
      shown: `seconds, ${RETRY_AFTER_SECONDS} when left out`,
      fits: (text) => isWholeUpTo(text, SECONDS_MAX),
    },
    hides: false,
    before: (context) => tooMany(blockedMs(context)),
    blocksForMs: blockedMs,
  },
  {
    name: "stale_read",
    summary: "a GET answers what it answered before the last write",
    readsOnly: true,
    hides: false,
    before: (context) => context.stale(),
  },
  {
    name: "timeout_after_commit",
    summary: "the service did it and answered; the client gets nothing, the connection hangs",
    hides: true,
    steps: () => [{ kind: "hang" }],
  },
  {
    name: "reset_after_commit",
    summary: "the service did it and answered; the client gets a reset connection",
    hides: true,
    steps: () => [{ kind: "reset" }],
  },
  {
    name: "error_after_commit",
    summary: "the service did it; the client is told 500",
    hides: true,
    answer: () => jsonAnswer(500, "internal_error", "Something went wrong."),
  },
  {
    name: "html",
    summary: "the service did it; the client gets 200 with an HTML page",
    hides: true,
    answer: () => ({
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8" },
      body: Buffer.from(HTML),
    }),
  },
  {
    name: "empty",
    summary: "the service did it; the client gets 200 without a body",
    hides: true,
    answer: (answer) => (answer.body.length === 0 ? undefined : emptied(answer, 200)),
  },
  {
    name: "partial_json",
    summary: "the service did it; the client gets half of the body",
    argument: {
      shown: "right or wrong: whether Content-Length agrees, right when left out",
      fits: (text) => cuts.some((cut) => cut === text),
    },
    hides: true,
    steps: (steps, { argument }) => halved(steps, argument === "wrong"),
  },
  {
    name: "schema_drift",
    summary: "one member of the JSON answer is renamed or of another type, by the seed",
    argument: {
      shown: `${driftKinds.join(" or ")}, by the seed when left out`,
      fits: (text) => driftKinds.some((kind) => kind === text),
    },
    hides: false,
    answer: drifted,
  },
  {
    name: "duplicate_delivery",
    summary: "the service is called twice, as an at-least-once proxy does",
    hides: false,
    deliveries: 2,
  },
  {
    name: "wrong_status",
    summary: "201 or 204 in place of 200",
    argument: {
      shown: `${wrongStatuses.join(" or ")}, by the seed when left out`,
      fits: (text) => wrongStatuses.some((status) => status === text),
    },
    hides: false,
    answer: (answer, { argument, random }) => {
      if (!isSuccess(answer.status)) return undefined;
      const status = Number(argument ?? pick(wrongStatuses, random));
      if (status === answer.status) return undefined;
      return status === 204 ? emptied(answer, 204) : { ...answer, status };
    },
  },
  {
    name: "slow",
    summary: "the service did it; the client waits for the answer",
    argument: { ...ms, shown: `milliseconds, ${SLOW_MS} when left out` },
    hides: false,
    steps: (steps, { argument }) => [{ kind: "wait", ms: Number(argument ?? SLOW_MS) }, ...steps],
  },
  {
    name: "drip",
    summary: `the body comes in ${DRIP_PIECES} pieces`,
    argument: { ...ms, shown: `milliseconds for all of them, ${DRIP_MS} when left out` },
    hides: false,
    steps: (steps, { argument }) => dripped(steps, Number(argument ?? DRIP_MS)),
  },
];

/** The answer of a service that lets nobody in for so long; whole seconds, rounded up. */
export function tooMany(leftMs: number): ToolAnswer {
  const answer = jsonAnswer(429, "rate_limited", "Too many requests.");
  const seconds = Math.max(1, Math.ceil(leftMs / 1_000));
  return { ...answer, headers: { ...answer.headers, "retry-after": String(seconds) } };
}

function blockedMs({ argument }: ToolFaultContext): number {
  return Number(argument ?? RETRY_AFTER_SECONDS) * 1_000;
}

function emptied(answer: ToolAnswer, status: number): ToolAnswer {
  return { status, headers: answer.headers, body: Buffer.alloc(0) };
}

function drifted(answer: ToolAnswer, context: ToolFaultContext): ToolAnswer | undefined {
  const parsed = parseJson(jsonText(answer) ?? "");
  if (!parsed.ok) return undefined;
  const kind = driftKinds.find((kind) => kind === context.argument);
  const body = driftShape(parsed.value, context.seed, kind);
  return body === undefined ? undefined : { ...answer, body: Buffer.from(JSON.stringify(body)) };
}

function halved(steps: readonly SocketStep[], isLengthWrong: boolean): SocketStep[] | undefined {
  const whole = steps.find((step) => step.kind === "bytes");
  if (whole === undefined || whole.bytes.length < 2) return undefined;
  const bytes = whole.bytes.subarray(0, Math.floor(whole.bytes.length / 2));
  return steps.map((step): SocketStep => {
    if (step === whole) return { kind: "bytes", bytes };
    // Whoever was promised more sees the connection end instead.
    if (isLengthWrong || step.kind !== "head") return step;
    return { ...step, headers: { ...step.headers, "content-length": bytes.length } };
  });
}

function dripped(steps: readonly SocketStep[], totalMs: number): SocketStep[] | undefined {
  if (!steps.some((step) => step.kind === "bytes" && step.bytes.length > 1)) return undefined;
  return steps.flatMap((step): SocketStep[] => {
    if (step.kind !== "bytes") return [step];
    const size = Math.max(1, Math.ceil(step.bytes.length / DRIP_PIECES));
    const pieces = Math.ceil(step.bytes.length / size);
    return Array.from({ length: pieces }, (_, i): SocketStep[] => [
      { kind: "wait", ms: totalMs / pieces },
      { kind: "bytes", bytes: step.bytes.subarray(i * size, (i + 1) * size) },
    ]).flat();
  });
}

function isWholeUpTo(text: string, max: number): boolean {
  return /^[0-9]{1,9}$/.test(text) && Number(text) >= 1 && Number(text) <= max;
}
