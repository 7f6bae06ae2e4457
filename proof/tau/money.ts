/**
 * Rounds to cents exactly as Python's `round(value, 2)`: by the exact binary value, and a true tie
 * (an odd number of eighths, the only one there can be) goes to the even cent.
 */
export function roundCents(value: number): number {
  const eighths = value * 8;
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return Number(value.toFixed(2));
  const below = Math.floor(value * 100);
  return (below % 2 === 0 ? below : below + 1) / 100;
}

/** How Python prints a float: `12.0`, `-0.0`, `1e+16`. */
export function printFloat(value: number): string {
  if (Math.abs(value) >= 1e16) return value.toExponential();
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
