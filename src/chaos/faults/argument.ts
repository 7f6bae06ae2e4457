import type { FaultContext } from "../exchange.ts";

/** What a fault may blow an answer up by: more would strike the server before the client. */
export const BYTES_MAX: number = 32 * 1024 * 1024;

/** The number behind a fault's colon, or its default. */
export function numberOf(context: FaultContext, fallback: number): number {
  const number = Number(context.argument ?? fallback);
  return Number.isFinite(number) && number >= 0 ? number : fallback;
}
