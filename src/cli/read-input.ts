import { readFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { BridleError, errorMessage } from "../std/error.ts";
import { parseJson, type Json } from "../std/json.ts";

export interface InputOptions {
  /** JSON, `@FILE` or `-` for stdin. */
  readonly input?: string;
  /** Plain text, taken as it is. */
  readonly text?: string;
}

/** The work, from exactly one of the two flags. */
export async function readInput(options: InputOptions): Promise<Json> {
  const { input, text } = options;
  if (input !== undefined && text !== undefined) {
    throw new BridleError("usage", "Give --input or --text, not both", {
      hint: "--text takes plain words, --input takes JSON, @FILE or - for stdin.",
    });
  }
  if (text !== undefined) return text;
  if (input === undefined) {
    throw new BridleError("usage", "There is no work: give --text or --input", {
      hint: `For example --text "Refund order A-1001", or --input '{"orderId":"A-1001"}'.`,
    });
  }
  const { json, from } = await sourceOf(input);
  return parseInput(json, from);
}

async function sourceOf(input: string): Promise<{ readonly json: string; readonly from: string }> {
  if (input === "-") return { json: await readAll(process.stdin), from: "stdin" };
  if (!input.startsWith("@")) return { json: input, from: "--input" };
  const file = input.slice(1);
  try {
    return { json: await readFile(file, "utf8"), from: file };
  } catch (thrown) {
    throw new BridleError("input_invalid", `${file} could not be read: ${errorMessage(thrown)}`, {
      hint: "Check the path after the @.",
      cause: thrown,
    });
  }
}

/** JSON from the command line; `from` names where it stood. */
export function parseInput(json: string, from: string): Json {
  const parsed = parseJson(json);
  if (parsed.ok) return parsed.value;
  throw new BridleError("input_invalid", `${from} is not JSON: ${parsed.reason}`, {
    hint: "Quote it for the shell with '…'; for plain words use --text.",
  });
}
