import type { IncomingMessage } from "node:http";

type Unread = { readonly kind: "too_large" } | { readonly kind: "broken_off" };

export type RequestBody = { readonly kind: "text"; readonly text: string } | Unread;
export type BodyBytes = { readonly kind: "bytes"; readonly bytes: Buffer } | Unread;

/** Reads a body as text, within the limits of `readBytes`. */
export async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<RequestBody> {
  const body = await readBytes(incoming, bytesMax);
  return body.kind === "bytes" ? { kind: "text", text: body.bytes.toString("utf8") } : body;
}

/**
 * Reads a body up to `bytesMax`. A larger one is read on and thrown away, up to four times the
 * limit, because a client that is still sending does not see the refusal; past that the
 * connection is cut.
 */
export async function readBytes(incoming: IncomingMessage, bytesMax: number): Promise<BodyBytes> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > bytesMax * 4) return { kind: "broken_off" };
      if (bytes > bytesMax) chunks.length = 0;
      else chunks.push(chunk);
    }
  } catch {
    return { kind: "broken_off" };
  }
  if (bytes > bytesMax) return { kind: "too_large" };
  return { kind: "bytes", bytes: Buffer.concat(chunks) };
}
