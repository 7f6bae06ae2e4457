/** One HTTP request over a bare socket, so that a reset can be told from a close. */
import { connect } from "node:net";

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body with the chunked encoding taken off. */
  readonly bytes: Buffer;
  readonly text: string;
  /**
   * How it ended: whole; closed in order before it was whole; reset; or silent until the patience
   * of the caller was over.
   */
  readonly ended: "whole" | "closed" | "reset" | "silent";
  readonly firstByteMs: number;
  readonly totalMs: number;
  /** How many times bytes arrived. */
  readonly packets: number;
}

export interface Sent {
  readonly url: string;
  readonly body: unknown;
  readonly patienceMs?: number;
}

export function exchange({ url, body, patienceMs = 5_000 }: Sent): Promise<Received> {
  const { hostname, port, pathname, search } = new URL(url);
  const text = JSON.stringify(body);
  const head =
    `POST ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n`;
  return new Promise((resolve) => {
    const began = performance.now();
    const parts: Buffer[] = [];
    let firstByteMs = Infinity;
    let failure: string | undefined;
    const socket = connect(Number(port), hostname);
    const patience = setTimeout(() => {
      failure = "silent";
      socket.destroy();
    }, patienceMs);
    socket.on("connect", () => socket.write(head + text));
    socket.on("data", (part) => {
      if (parts.length === 0) firstByteMs = performance.now() - began;
      parts.push(part);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure ??= error.code === "ECONNRESET" ? "reset" : "closed";
    });
    socket.on("close", () => {
      clearTimeout(patience);
      const parsed = parseResponse(Buffer.concat(parts));
      const whole = parsed.isWhole ? "whole" : "closed";
      const ended = failure === "silent" || failure === "reset" ? failure : whole;
      const totalMs = performance.now() - began;
      resolve({ ...parsed, ended, firstByteMs, totalMs, packets: parts.length });
    });
  });
}

interface Parsed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly text: string;
  readonly isWhole: boolean;
}

function parseResponse(raw: Buffer): Parsed {
  const end = raw.indexOf("\r\n\r\n");
  if (end === -1) {
    return { status: 0, headers: {}, bytes: Buffer.alloc(0), text: "", isWhole: false };
  }
  const [line = "", ...fields] = raw.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const rest = raw.subarray(end + 4);
  const isChunked = headers["transfer-encoding"] === "chunked";
  const body = isChunked ? unchunk(rest) : { bytes: rest, isWhole: isAnnounced(rest, headers) };
  const status = Number(line.split(" ")[1]);
  return { status, headers, ...body, text: body.bytes.toString("utf8") };
}

function isAnnounced(bytes: Buffer, headers: Readonly<Record<string, string>>): boolean {
  return bytes.length === Number(headers["content-length"] ?? Number.NaN);
}

function unchunk(raw: Buffer): { readonly bytes: Buffer; readonly isWhole: boolean } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = raw.indexOf("\r\n", at);
    if (line === -1) return { bytes: Buffer.concat(chunks), isWhole: false };
    const size = Number.parseInt(raw.subarray(at, line).toString("latin1"), 16);
    if (size === 0) return { bytes: Buffer.concat(chunks), isWhole: true };
    chunks.push(raw.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
