/** The lists of `bridle chaos --list` and `bridle chaos tools --list`. */
import type { Output } from "../output.ts";

export interface ListedFault {
  readonly name: string;
  /** Faults of one group stand together under it. */
  readonly group?: string;
  readonly summary: string;
  /** What stands behind the colon; null when it takes none. */
  readonly argument: string | null;
}

/** With `marks`: where the fault shows, in words. As JSON: a line for each. */
export function tellFaults<Fault extends ListedFault>(
  output: Output,
  faults: readonly Fault[],
  told: { readonly isJson: boolean; readonly marks?: (fault: Fault) => readonly string[] },
): void {
  if (told.isJson) {
    for (const fault of faults) output.json(fault);
    return;
  }
  const width = Math.max(...faults.map(({ name }) => name.length));
  for (const group of new Set(faults.map((fault) => fault.group))) {
    if (group !== undefined) output.out(output.paint.bold(group));
    for (const fault of faults.filter((each) => each.group === group)) {
      const { name, summary, argument } = fault;
      const marks = [
        ...(told.marks?.(fault) ?? []),
        ...(argument === null ? [] : [`${name}:… ${argument}`]),
      ];
      const more = marks.length === 0 ? "" : output.paint.dim(` (${marks.join("; ")})`);
      output.out(`  ${name.padEnd(width)}  ${summary}${more}`);
    }
  }
}
