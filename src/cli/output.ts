/**
 * Where the command line writes. Data goes to stdout, everything said about it to stderr, so that
 * a pipe carries data alone. Values of secret environment variables never get out.
 */
import picocolors from "picocolors";
import type { Json } from "../std/json.ts";

export type Paint = ReturnType<typeof picocolors.createColors>;

export interface Output {
  /** One or more lines to stdout. */
  readonly out: (text: string) => void;
  /** One line of JSON to stdout. */
  readonly json: (value: object | Json) => void;
  /** One or more lines to stderr. */
  readonly say: (text: string) => void;
  /** Colours for stdout and for stderr; without effect when it is no terminal. */
  readonly paint: Paint;
  readonly sayPaint: Paint;
}

/** Shorter values are no secrets and would blot out innocent text. */
const SECRET_CHARS_MIN = 12;
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)/i;

export function createOutput(): Output {
  const redact = redactor(process.env);
  const { stdout, stderr } = process;
  return {
    out: (text) => void stdout.write(`${redact(text)}\n`),
    json: (value) => void stdout.write(`${redact(JSON.stringify(value))}\n`),
    say: (text) => void stderr.write(`${redact(text)}\n`),
    paint: picocolors.createColors(hasColours(stdout.isTTY)),
    sayPaint: picocolors.createColors(hasColours(stderr.isTTY)),
  };
}

/**
 * https://no-color.org, and terminals that say they are dumb. `isTTY` is undefined for a pipe,
 * which the colour library would take as leave to guess from the environment.
 */
function hasColours(isTerminal: boolean | undefined): boolean {
  return (
    isTerminal === true && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb"
  );
}

/** Replaces the value of each variable that is named like a secret by the variable's name. */
export function redactor(env: NodeJS.ProcessEnv): (text: string) => string {
  const secrets = Object.entries(env).flatMap(([name, value = ""]) =>
    SECRET_NAME.test(name) && value.length >= SECRET_CHARS_MIN ? [{ name, value }] : [],
  );
  // A secret may be part of another: the longest goes first.
  secrets.sort((a, b) => b.value.length - a.value.length);
  return (text) => {
    let clean = text;
    for (const { name, value } of secrets) clean = clean.replaceAll(value, `[${name}]`);
    return clean;
  };
}
