/** What the commands' options have in common: the journal, JSON, examples, numbers. */
import { InvalidArgumentError, type Command } from "commander";
import { LIST_MAX } from "../journal/store-rules.ts";

/** Told the exit code of the command that ran. */
export type Finish = (code: number) => void;

export function withJournal(command: Command): Command {
  return withJson(command)
    .option("--store <file>", "the journal file; for commands that only look it needs no config")
    .option("--config <file>", "in place of bridle.config.ts in the current folder");
}

export function withJson(command: Command): Command {
  return command.option("--json", "machine-readable: data on stdout, errors as JSON on stderr");
}

export function examples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
}

export function countOf(value: string): number {
  const count = Number(value);
  if (Number.isSafeInteger(count) && count > 0 && count <= LIST_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LIST_MAX}.`);
}

export function percentOf(value: string): number {
  const percent = Number(value);
  if (value.trim() !== "" && percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("Give a number from 0 to 100.");
}

export function seedOf(value: string): number {
  const seed = Number(value);
  if (Number.isSafeInteger(seed)) return seed;
  throw new InvalidArgumentError("Give a whole number.");
}

export function wholeOf(value: string): number {
  const whole = Number(value);
  if (value.trim() !== "" && Number.isSafeInteger(whole) && whole > 0) return whole;
  throw new InvalidArgumentError("Give a whole number above 0.");
}

export function amountOf(value: string): number {
  const amount = Number(value);
  if (value.trim() !== "" && Number.isFinite(amount) && amount > 0) return amount;
  throw new InvalidArgumentError("Give an amount above 0.");
}

/** A share from 0 to 1, or as a percentage: 0.05, 5%. */
export function rateOf(value: string): number {
  const isPercent = value.trim().endsWith("%");
  const number = Number(isPercent ? value.trim().slice(0, -1) : value);
  const rate = isPercent ? number / 100 : number;
  if (value.trim() !== "" && rate >= 0 && rate <= 1) return rate;
  throw new InvalidArgumentError("Give a share of the requests: 0.05, or 5%.");
}

export function portOf(value: string): number {
  const port = Number(value);
  if (value.trim() !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("Give a port from 0 to 65535; 0 is any free one.");
}

/** An option that may be given more than once. */
export function many(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
