/**
 * The calculator both domains offer: Python arithmetic over digits, `+ - * /`, parentheses and
 * spaces. The same characters also spell `//` and `**`, which Python accepts, so they are here too.
 *
 * expression = term (("+" | "-") term)*        term = signed (("*" | "/" | "//") signed)*
 * signed = ("+" | "-") signed | power          power = atom ("**" signed)?
 */
import { printFloat, roundCents } from "./money.ts";
import { ToolRefusal } from "./tool.ts";

/** Python's own limit on open parentheses; signs count here as well, to bound the recursion. */
const DEPTH_MAX = 200;
const EXPRESSION_LENGTH_MAX = 10_000;

const ALLOWED = /^[0-9+\-*/(). ]*$/;
// A number with a leading zero, like 007, is not one in Python; a trailing dot, like 1., is.
const TOKEN = / +|(?:\d+\.\d*|\.\d+|0+(?!\d)|[1-9]\d*)|\*\*|\/\/|[+\-*/()]/y;

/** Where reading stands. It moves on as tokens are taken. */
interface Cursor {
  readonly tokens: readonly string[];
  at: number;
  depth: number;
}

/** The value rounded to cents, printed as Python prints a float. */
export function calculate(expression: string): string {
  if (!ALLOWED.test(expression)) throw new ToolRefusal("invalid characters in expression");
  if (expression.length > EXPRESSION_LENGTH_MAX) throw new ToolRefusal("expression too long");
  const cursor: Cursor = { tokens: tokenize(expression), at: 0, depth: 0 };
  const value = readExpression(cursor);
  if (cursor.at < cursor.tokens.length) throw invalidSyntax();
  if (!Number.isFinite(value)) throw new ToolRefusal("Result too large");
  return printFloat(roundCents(value));
}

function tokenize(expression: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const token = TOKEN.exec(expression)?.[0];
    if (token === undefined) throw invalidSyntax();
    if (!token.startsWith(" ")) tokens.push(token);
  }
  return tokens;
}

function readExpression(cursor: Cursor): number {
  let value = readTerm(cursor);
  for (;;) {
    if (take(cursor, "+")) value += readTerm(cursor);
    else if (take(cursor, "-")) value -= readTerm(cursor);
    else return value;
  }
}

function readTerm(cursor: Cursor): number {
  let value = readSigned(cursor);
  for (;;) {
    if (take(cursor, "*")) value *= readSigned(cursor);
    else if (take(cursor, "/")) value /= readDivisor(cursor);
    else if (take(cursor, "//")) value = Math.floor(value / readDivisor(cursor));
    else return value;
  }
}

function readDivisor(cursor: Cursor): number {
  const divisor = readSigned(cursor);
  if (divisor === 0) throw new ToolRefusal("division by zero");
  return divisor;
}

function readSigned(cursor: Cursor): number {
  if (take(cursor, "-")) return -deeper(cursor, readSigned);
  if (take(cursor, "+")) return deeper(cursor, readSigned);
  const base = readAtom(cursor);
  return take(cursor, "**") ? base ** deeper(cursor, readSigned) : base;
}

function readAtom(cursor: Cursor): number {
  if (take(cursor, "(")) {
    const value = deeper(cursor, readExpression);
    if (!take(cursor, ")")) throw invalidSyntax();
    return value;
  }
  const token = cursor.tokens[cursor.at];
  if (token === undefined || !/^[\d.]/.test(token)) throw invalidSyntax();
  cursor.at++;
  return Number(token);
}

function deeper(cursor: Cursor, read: (cursor: Cursor) => number): number {
  if (++cursor.depth > DEPTH_MAX) throw new ToolRefusal("too many nested parentheses");
  const value = read(cursor);
  cursor.depth--;
  return value;
}

function take(cursor: Cursor, token: string): boolean {
  if (cursor.tokens[cursor.at] !== token) return false;
  cursor.at++;
  return true;
}

function invalidSyntax(): ToolRefusal {
  return new ToolRefusal("invalid syntax (<string>, line 1)");
}
