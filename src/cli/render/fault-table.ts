import type { Paint } from "../output.ts";

/** A title, and what stands under it in the row of a fault. */
export type Column<Tally> = readonly [string, (tally: Tally) => string];

/** A row for each fault, the columns to the right as wide as their titles. */
export function faultTable<Tally>(
  faults: Readonly<Record<string, Tally>>,
  columns: readonly Column<Tally>[],
  paint: Paint,
): readonly string[] {
  const rows = Object.entries(faults);
  const width = Math.max(...rows.map(([name]) => name.length), "fault".length);
  const cells = (texts: readonly string[]): string =>
    texts.map((text, index) => text.padStart(columns[index]?.[0].length ?? 0)).join("  ");
  return [
    paint.bold(`${"fault".padEnd(width)}  ${cells(columns.map(([title]) => title))}`),
    ...rows.map(
      ([name, tally]) => `${name.padEnd(width)}  ${cells(columns.map(([, cell]) => cell(tally)))}`,
    ),
  ];
}
