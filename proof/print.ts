/** What a person reads: the list of proofs, the help of one, a table of figures. */
import { commonOptions } from "./arguments.ts";
import type { Proof, ProofOption } from "./proof.ts";

/** Columns padded to their widest cell; cells that are numbers stand right. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].join("\n");
}

function pad(cell: string, width: number): string {
  return /^[\d.,]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
}

export function listText(proofs: readonly Proof[]): string {
  const width = Math.max(0, ...proofs.map((proof) => proof.name.length));
  const lines = proofs.map((proof) => `  ${proof.name.padEnd(width)}  ${proof.summary}`);
  return [
    "Each proof tries to break one guarantee and exits 1 when it did.",
    "",
    ...lines,
    "",
    "Run one:   npm run prove -- NAME [--quick] [--json]",
    "Its help:  npm run prove -- NAME --help",
  ].join("\n");
}

export function helpText(proof: Proof): string {
  const options = [...proof.options, ...commonOptions];
  const width = Math.max(...options.map((option) => flagText(option).length));
  return [
    `${proof.name}: ${proof.guarantee}`,
    "",
    proof.summary,
    "",
    "Options:",
    ...options.map((option) => `  ${flagText(option).padEnd(width)}  ${option.summary}`),
    "",
    "Examples:",
    ...proof.examples.map((example) => `  npm run prove -- ${proof.name} ${example}`.trimEnd()),
    "",
    "Exit codes: 0 the guarantee held, 1 it broke or could not be tried, 2 wrong usage.",
  ].join("\n");
}

function flagText({ name, kind, placeholder = "VALUE", choices }: ProofOption): string {
  if (kind === "flag") return `--${name}`;
  return `--${name} ${choices === undefined ? placeholder : choices.join("|")}`;
}
