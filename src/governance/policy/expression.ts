/** A policy's conditions as a tree, read once from Cedar's own JSON form of a policy. */
import type { Expr } from "@cedar-policy/cedar-wasm/nodejs";
import { isJsonObject } from "../../std/json.ts";
import { entityRef, type Value } from "./value.ts";

export type Variable = "principal" | "action" | "resource" | "context";

const binaries = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "&&",
  "||",
  "in",
  "+",
  "-",
  "*",
  "contains",
  "containsAll",
  "containsAny",
  "getTag",
  "hasTag",
] as const;
export type BinaryOperator = (typeof binaries)[number];

const unaries = ["!", "neg", "isEmpty"] as const;
export type UnaryOperator = (typeof unaries)[number];

export type Expression =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "variable"; readonly name: Variable }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly of: Expression }
  | Binary
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "has"; readonly of: Expression; readonly path: readonly string[] }
  | Like
  | {
      readonly kind: "is";
      readonly of: Expression;
      readonly type: string;
      readonly within: Expression | null;
    }
  | {
      readonly kind: "if";
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: "set"; readonly items: readonly Expression[] }
  | { readonly kind: "record"; readonly members: readonly (readonly [string, Expression])[] }
  | Foreign;

export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** Text with holes: null stands for any text. */
export interface Like {
  readonly kind: "like";
  readonly of: Expression;
  readonly pattern: readonly (string | null)[];
}

/** What only Cedar's own engine evaluates: a function of an extension, or a Long beyond 2^53. */
export interface Foreign {
  readonly kind: "foreign";
  readonly est: unknown;
}

/** Nesting beyond this is refused: recursion is finite. */
export const EXPRESSION_DEPTH_MAX = 200;

export class TooDeep extends Error {}

/** Reads Cedar's JSON form. Throws `TooDeep`. */
export function readExpression(est: unknown, depth = 0): Expression {
  if (depth > EXPRESSION_DEPTH_MAX) throw new TooDeep();
  const [name, body] = only(est);
  const read = (inner: unknown): Expression => readExpression(inner, depth + 1);
  switch (name) {
    case "Value":
      return readLiteral(body, est);
    case "Var":
      return isVariable(body) ? { kind: "variable", name: body } : { kind: "foreign", est };
    case ".":
      return { kind: "attribute", of: read(part(body, "left")), name: text(part(body, "attr")) };
    case "has":
      return { kind: "has", of: read(part(body, "left")), path: pathOf(part(body, "attr")) };
    case "like":
      return { kind: "like", of: read(part(body, "left")), pattern: patternOf(body) };
    case "is": {
      const within = part(body, "in");
      const type = text(part(body, "entity_type"));
      const of = read(part(body, "left"));
      return { kind: "is", of, type, within: within === undefined ? null : read(within) };
    }
    case "if-then-else":
      return {
        kind: "if",
        test: read(part(body, "if")),
        yes: read(part(body, "then")),
        no: read(part(body, "else")),
      };
    case "Set":
      return Array.isArray(body)
        ? { kind: "set", items: body.map(read) }
        : { kind: "foreign", est };
    case "Record": {
      const members = isJsonObject(body) ? Object.entries(body) : [];
      return { kind: "record", members: members.map(([key, inner]) => [key, read(inner)]) };
    }
    default:
      return readOperator(name, body, { est, read });
  }
}

function readOperator(
  name: string,
  body: unknown,
  { est, read }: { readonly est: unknown; readonly read: (inner: unknown) => Expression },
): Expression {
  const unary = unaries.find((operator) => operator === name);
  if (unary !== undefined && !Array.isArray(body)) {
    return { kind: "unary", operator: unary, of: read(part(body, "arg")) };
  }
  const binary = binaries.find((operator) => operator === name);
  if (binary !== undefined && !Array.isArray(body)) {
    const [left, right] = [read(part(body, "left")), read(part(body, "right"))];
    return { kind: "binary", operator: binary, left, right };
  }
  return { kind: "foreign", est };
}

function readLiteral(body: unknown, est: unknown): Expression {
  if (typeof body === "string" || typeof body === "boolean")
    return { kind: "literal", value: body };
  if (typeof body === "number" && Number.isSafeInteger(body)) {
    return { kind: "literal", value: body };
  }
  const named = part(body, "__entity");
  if (!isJsonObject(named)) return { kind: "foreign", est };
  return { kind: "literal", value: entityRef(text(named["type"]), text(named["id"])) };
}

function isVariable(body: unknown): body is Variable {
  return body === "principal" || body === "action" || body === "resource" || body === "context";
}

/** The one member of `{ "==": … }`. */
function only(est: unknown): readonly [string, unknown] {
  const [first] = isJsonObject(est) ? Object.entries(est) : [];
  return first ?? ["", undefined];
}

function part(body: unknown, name: string): unknown {
  return isJsonObject(body) ? body[name] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function pathOf(attr: unknown): readonly string[] {
  return Array.isArray(attr) ? attr.map(text) : [text(attr)];
}

/** Cedar gives one element a character; runs of them are joined. */
function patternOf(body: unknown): readonly (string | null)[] {
  const elements: unknown = part(body, "pattern");
  const pattern: (string | null)[] = [];
  for (const element of Array.isArray(elements) ? elements : []) {
    const literal = part(element, "Literal");
    const last = pattern.at(-1);
    if (typeof literal !== "string") {
      if (last !== null) pattern.push(null);
    } else if (typeof last === "string") pattern[pattern.length - 1] = last + literal;
    else pattern.push(literal);
  }
  return pattern;
}

/** Back to Cedar's JSON form. */
export function toEst(expression: Expression): Expr {
  switch (expression.kind) {
    case "literal":
      return { Value: literalEst(expression.value) };
    case "variable":
      return { Var: expression.name };
    case "unary":
      return oneMember(expression.operator, { arg: toEst(expression.of) });
    case "binary": {
      const { operator, left, right } = expression;
      return oneMember(operator, { left: toEst(left), right: toEst(right) });
    }
    case "attribute":
      return { ".": { left: toEst(expression.of), attr: expression.name } };
    case "has":
      return { has: { left: toEst(expression.of), attr: [...expression.path] } };
    case "like": {
      const pattern = expression.pattern.map((each) =>
        each === null ? "Wildcard" : { Literal: each },
      );
      return { like: { left: toEst(expression.of), pattern } };
    }
    case "is": {
      const { of, type, within } = expression;
      const left = { left: toEst(of), entity_type: type };
      return { is: within === null ? left : { ...left, in: toEst(within) } };
    }
    case "if": {
      const { test, yes, no } = expression;
      const names = ["if", "then", "else"];
      const branches = [test, yes, no].map((branch, i) => [names[i], toEst(branch)]);
      return oneMember("if-then-else", Object.fromEntries(branches));
    }
    case "set":
      return { Set: expression.items.map(toEst) };
    case "record": {
      const members = expression.members.map(([name, inner]) => [name, toEst(inner)]);
      return { Record: Object.fromEntries(members) };
    }
    case "foreign":
    default:
      // Kept as Cedar gave it.
      return expression.est as Expr;
  }
}

function oneMember(name: string, body: object): Expr {
  // Each operator is a member name of Cedar's form, with these parts.
  return { [name]: body } as unknown as Expr;
}

function literalEst(value: Value): string | boolean | number | { __entity: EntityJson } {
  if (typeof value !== "object") return typeof value === "bigint" ? Number(value) : value;
  // Only entities are literals among Cedar's compound values.
  return value.kind === "entity" ? { __entity: { type: value.type, id: value.id } } : "";
}

interface EntityJson {
  readonly type: string;
  readonly id: string;
}

/** The expressions directly inside one. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "variable":
    case "foreign":
      return [];
    case "unary":
    case "attribute":
    case "has":
    case "like":
      return [expression.of];
    case "binary":
      return [expression.left, expression.right];
    case "is":
      return expression.within === null ? [expression.of] : [expression.of, expression.within];
    case "if":
      return [expression.test, expression.yes, expression.no];
    case "set":
      return expression.items;
    case "record":
    default:
      return expression.members.map(([, inner]) => inner);
  }
}

/** The expression and everything inside it. */
export function* walk(expression: Expression): Generator<Expression> {
  yield expression;
  for (const inner of partsOf(expression)) yield* walk(inner);
}
