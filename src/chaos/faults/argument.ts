import type { FaultContext } from "../exchange.ts";

/** The number behind a fault's colon, or its default. */
export function numberOf(context: FaultContext, fallback: number): number {
  const number = Number(context.argument ?? fallback);
  return Number.isFinite(number) && number >= 0 ? number : fallback;
}
