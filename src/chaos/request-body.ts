import type { IncomingMessage } from "node:http";

export type RequestBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" }
  | { readonly kind: "broken_off" };

/**
 * Reads a body up to `bytesMax`. A larger one is read on and thrown away, up to four times the
 * limit, because a client that is still sending does not see the refusal; past that the
 * connection is cut.
 */
export async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<RequestBody> {
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
  return { kind: "text", text: Buffer.concat(chunks).toString("utf8") };
}
