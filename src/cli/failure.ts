/** What went wrong, for the person at the terminal or the program that reads `--json`. */
import { CommanderError } from "commander";
import { errorMessage } from "../std/error.ts";
import { exitCodes } from "./exit-code.ts";
import type { Output } from "./output.ts";
import { manyLines } from "./render/text.ts";

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
}

/** Anything thrown, as one failure. Undefined: the command line only printed its help. */
export function failureOf(thrown: unknown): Failure | undefined {
  if (thrown instanceof CommanderError) return usageFailure(thrown);
  const parts = bridleParts(thrown);
  const exitCode = parts?.code === "usage" ? exitCodes.usage : exitCodes.error;
  if (parts !== undefined) return { ...parts, exitCode };
  return {
    code: "unexpected",
    message: errorMessage(thrown),
    hint: "Run it again with BRIDLE_DEBUG=1 to see where it comes from.",
    exitCode,
  };
}

/** By its shape: a config may bring a copy of the package of its own. */
function bridleParts(
  thrown: unknown,
): { code: string; message: string; hint?: string } | undefined {
  if (!(thrown instanceof Error) || thrown.name !== "BridleError") return undefined;
  const code = "code" in thrown ? String(thrown.code) : "unexpected";
  const { message } = thrown;
  const hint = "hint" in thrown && typeof thrown.hint === "string" ? thrown.hint : undefined;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function usageFailure(thrown: CommanderError): Failure | undefined {
  if (thrown.exitCode === 0) return undefined;
  const [first = "", ...rest] = thrown.message.replace(/^error: /, "").split("\n");
  const isHelp = thrown.code === "commander.help";
  const suggestion = rest.join(" ").replace(/^\(|\)$/g, "");
  return {
    code: "usage",
    message: isHelp ? "no command was given" : first,
    hint: suggestion === "" ? "See `bridle --help`, or `bridle COMMAND --help`." : suggestion,
    exitCode: exitCodes.usage,
  };
}

/** Two lines on stderr, or one line of JSON there. A stack trace only with BRIDLE_DEBUG=1. */
export function tellFailure(output: Output, failure: Failure, options: TellOptions): void {
  const { code, message, hint } = failure;
  if (options.isJson) {
    const error = { code, message, ...(hint === undefined ? {} : { hint }) };
    output.say(JSON.stringify({ error }));
  } else {
    const { red, dim } = output.sayPaint;
    output.say(`${red("error:")} ${manyLines(message)}`);
    if (hint !== undefined) output.say(`${dim("hint:")} ${manyLines(hint)}`);
  }
  const { thrown } = options;
  if (process.env["BRIDLE_DEBUG"] === "1" && thrown instanceof Error) output.say(traceOf(thrown));
}

interface TellOptions {
  readonly isJson: boolean;
  readonly thrown: unknown;
}

function traceOf(thrown: Error): string {
  const own = thrown.stack ?? String(thrown);
  return thrown.cause instanceof Error ? `${own}\ncaused by ${traceOf(thrown.cause)}` : own;
}
