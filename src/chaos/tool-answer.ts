/** A tool's HTTP exchange as its faults see it: what is asked, answered, and sent back. */
import type { OutgoingHttpHeaders } from "node:http";
import type { SocketStep } from "./deliver.ts";

export interface ToolRequest {
  readonly method: string;
  /** Path and query, as the client wrote them: `/orders/7?full=1`. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The value of the idempotency-key header, when there is one. */
  readonly key: string | undefined;
}

/** A response read to its end; hop-by-hop headers and the length are left out. */
export interface ToolAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** Methods that change nothing, by RFC 9110, section 9.2.1. */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export function isWrite(request: Pick<ToolRequest, "method">): boolean {
  return !SAFE_METHODS.has(request.method);
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** An answer on its way out, whole. */
export function stepsOf(answer: ToolAnswer, method: string): readonly SocketStep[] {
  const { status, headers, body } = answer;
  if (!mayHaveBody(status, method)) return [{ kind: "head", status, headers }, { kind: "end" }];
  const whole = { ...headers, "content-length": body.length };
  return [
    { kind: "head", status, headers: whole },
    { kind: "bytes", bytes: body },
    { kind: "end" },
  ];
}

/** By RFC 9110, section 6.4.1. */
function mayHaveBody(status: number, method: string): boolean {
  return method !== "HEAD" && status !== 204 && status !== 304 && status >= 200;
}

/** A JSON answer of the proxy's own. */
export function jsonAnswer(
  status: number,
  code: string,
  message: string,
): ToolAnswer & { readonly headers: OutgoingHttpHeaders } {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ error: { code, message } })),
  };
}

/** The body as text when it says that it is JSON and is not compressed. */
export function jsonText(answer: ToolAnswer): string | undefined {
  const { "content-type": type, "content-encoding": encoding } = answer.headers;
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(type ?? "");
  const isPlain = encoding === undefined || encoding === "identity";
  return isJson && isPlain ? answer.body.toString("utf8") : undefined;
}
