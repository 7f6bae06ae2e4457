import type { Account, AccountFilter } from "../../journal/ledger.ts";
import { exitCodes } from "../exit-code.ts";
import { openJournal } from "../journal.ts";
import { createOutput, type Output } from "../output.ts";
import { oneLine } from "../render/text.ts";

export interface BudgetOptions {
  readonly scope?: string;
  readonly limit: number;
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

/** What is spent and held of each scope and unit: a table, or one JSON object per line. */
export async function showBudget(options: BudgetOptions): Promise<number> {
  const { store } = await openJournal(options);
  const output = createOutput();
  const { scope, limit } = options;
  const filter: AccountFilter = { limit, ...(scope === undefined ? {} : { scope }) };
  const accounts = await store.accounts(filter);
  await store.close();
  if (accounts.length === 0) {
    const place = scope === undefined ? "" : ` of ${oneLine(scope)} or below it`;
    output.say(`nothing${place} was ever reserved`);
  } else if (options.json === true) {
    for (const account of accounts) output.json(account);
  } else {
    printTable(accounts, output);
  }
  if (accounts.length === limit) {
    output.say(`the first ${limit}; there may be more: narrow with --scope, or raise --limit`);
  }
  return exitCodes.ok;
}

/** Amounts are whole and in the unit's own name: "usdMicros" are millionths of a dollar. */
function printTable(accounts: readonly Account[], output: Output): void {
  const rows = accounts
    .map(({ scope, unit, spent, held }) => [
      oneLine(scope),
      oneLine(unit),
      String(spent),
      String(held),
    ])
    .toSorted(([one = "", first = ""], [other = "", second = ""]) =>
      one === other ? first.localeCompare(second, "en") : one.localeCompare(other, "en"),
    );
  const head = ["SCOPE", "UNIT", "SPENT", "HELD"];
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  output.out(output.paint.dim(line(head)));
  for (const row of rows) output.out(line(row));
}
