/**
 * Cedar's conditions as closures: what Cedar's engine takes a tenth of a millisecond for, these do
 * in less than a microsecond, with the same answer.
 *
 * C1 A condition is true, false or a fault, exactly where Cedar's engine says so: operands left to
 *    right, `&&`, `||` and `if` only as far as needed.
 * C2 Longs are 64 bits: a sum or product beyond is a fault, not a rounded number.
 * C3 What these closures cannot say (extension functions, Longs beyond 2^53) is `foreign`, and the
 *    whole policy goes to Cedar's engine.
 */
import type { Binary, Expression, Like, UnaryOperator, Variable } from "./expression.ts";
import type { Ask, Known } from "./request.ts";
import {
  hasAll,
  hasAny,
  hasItem,
  isEqual,
  longOf,
  recordValue,
  setValue,
  type EntityRef,
  type SetValue,
  type Value,
} from "./value.ts";

/** Throws `EvaluationFault`. */
export type Evaluate = (ask: Ask) => Value;
export type Test = (ask: Ask) => boolean;

/** What Cedar calls an error of a policy. */
export class EvaluationFault extends Error {}

export function compile(expression: Expression): Evaluate {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "variable":
      return variables[expression.name];
    case "unary":
      return compileUnary(expression.operator, compile(expression.of));
    case "binary":
      return compileBinary(expression);
    case "attribute": {
      const of = compile(expression.of);
      const { name } = expression;
      return (ask) => attributeOf(of(ask), name, ask);
    }
    case "has":
      return compileHas(compile(expression.of), expression.path);
    case "like":
      return compileLike(expression);
    case "is":
      return compileIs(expression);
    case "if": {
      const test = compileTest(expression.test);
      const yes = compile(expression.yes);
      const no = compile(expression.no);
      return (ask) => (test(ask) ? yes(ask) : no(ask));
    }
    case "set": {
      const items = expression.items.map(compile);
      return (ask) => setValue(items.map((item) => item(ask)));
    }
    case "record": {
      const members = expression.members.map(([name, of]) => [name, compile(of)] as const);
      return (ask) => recordValue(members.map(([name, of]) => [name, of(ask)]));
    }
    case "foreign":
    default:
      return () => {
        throw new EvaluationFault("only Cedar's own engine evaluates this");
      };
  }
}

/** A condition: a value that is neither true nor false is a fault. */
export function compileTest(expression: Expression): Test {
  if (expression.kind === "binary" && expression.operator === "&&") {
    const left = compileTest(expression.left);
    const right = compileTest(expression.right);
    return (ask) => left(ask) && right(ask);
  }
  if (expression.kind === "binary" && expression.operator === "||") {
    const left = compileTest(expression.left);
    const right = compileTest(expression.right);
    return (ask) => left(ask) || right(ask);
  }
  const evaluate = compile(expression);
  return (ask) => {
    const value = evaluate(ask);
    return typeof value === "boolean" ? value : mismatch("true or false", value);
  };
}

const variables: { readonly [name in Variable]: Evaluate } = {
  principal: (ask) => ask.principal.ref,
  action: (ask) => ask.action.ref,
  resource: (ask) => ask.resource.ref,
  context: (ask) => ask.context,
};

function compileUnary(operator: UnaryOperator, of: Evaluate): Evaluate {
  switch (operator) {
    case "!":
      return (ask) => {
        const value = of(ask);
        return typeof value === "boolean" ? !value : mismatch("true or false", value);
      };
    case "neg":
      return (ask) => {
        const value = long(of(ask));
        // Minus zero is no Long of its own.
        return typeof value === "number" ? 0 - value : exact(-value);
      };
    case "isEmpty":
    default:
      return (ask) => set(of(ask)).items.length === 0;
  }
}

function compileBinary(expression: Binary): Evaluate {
  const { operator } = expression;
  if (operator === "&&" || operator === "||") return compileTest(expression);
  const left = compile(expression.left);
  const right = compile(expression.right);
  switch (operator) {
    case "==":
      return (ask) => isEqual(left(ask), right(ask));
    case "!=":
      return (ask) => !isEqual(left(ask), right(ask));
    case "<":
      return (ask) => long(left(ask)) < long(right(ask));
    case "<=":
      return (ask) => long(left(ask)) <= long(right(ask));
    case ">":
      return (ask) => long(left(ask)) > long(right(ask));
    case ">=":
      return (ask) => long(left(ask)) >= long(right(ask));
    case "+":
    case "-":
    case "*":
      return compileArithmetic(operator, left, right);
    case "contains":
      return (ask) => hasItem(set(left(ask)), right(ask));
    case "containsAll":
      return (ask) => hasAll(set(left(ask)), set(right(ask)));
    case "containsAny":
      return (ask) => hasAny(set(left(ask)), set(right(ask)));
    case "in":
      return (ask) => isIn(entity(left(ask)), right(ask), ask);
    case "hasTag":
      return (ask) => {
        const known = find(entity(left(ask)), ask);
        const name = text(right(ask));
        return known?.tags.has(name) ?? false;
      };
    case "getTag":
    default:
      return (ask) => {
        const ref = entity(left(ask));
        const name = text(right(ask));
        return find(ref, ask)?.tags.get(name) ?? fault(`${shown(ref)} has no tag "${name}"`);
      };
  }
}

function compileArithmetic(operator: "+" | "-" | "*", left: Evaluate, right: Evaluate): Evaluate {
  return (ask) => {
    const a = long(left(ask));
    const b = long(right(ask));
    if (typeof a === "number" && typeof b === "number") {
      const near = operator === "+" ? a + b : operator === "-" ? a - b : a * b;
      if (Number.isSafeInteger(near)) return near === 0 ? 0 : near;
    }
    const [m, n] = [BigInt(a), BigInt(b)];
    return exact(operator === "+" ? m + n : operator === "-" ? m - n : m * n);
  };
}

function exact(result: bigint): Value {
  return longOf(result) ?? fault(`${result} is beyond 64 bits`);
}

function compileHas(of: Evaluate, path: readonly string[]): Evaluate {
  const [name = "", ...rest] = path;
  if (rest.length === 0) return (ask) => hasAttribute(of(ask), name, ask);
  // `a has b.c` is `a has b && a.b has c`.
  const inner = compileHas((ask) => attributeOf(of(ask), name, ask), rest);
  return (ask) => hasAttribute(of(ask), name, ask) && inner(ask);
}

function hasAttribute(value: Value, name: string, ask: Ask): boolean {
  if (typeof value !== "object" || value.kind === "set") return mismatch("a record", value);
  if (value.kind === "record") return value.members.has(name);
  return find(value, ask)?.attributes.has(name) ?? false;
}

function attributeOf(value: Value, name: string, ask: Ask): Value {
  if (typeof value !== "object" || value.kind === "set") return mismatch("a record", value);
  if (value.kind === "record") return value.members.get(name) ?? fault(`there is no "${name}"`);
  const known = find(value, ask) ?? fault(`nothing is known of ${shown(value)}`);
  return known.attributes.get(name) ?? fault(`${shown(value)} has no "${name}"`);
}

function find(ref: EntityRef, { principal, action, resource, others }: Ask): Known | undefined {
  if (ref.key === principal.ref.key) return principal;
  if (ref.key === resource.ref.key) return resource;
  if (ref.key === action.ref.key) return action;
  return others.get(ref.key);
}

/** What nothing is known of lies only in itself. */
function isIn(ref: EntityRef, place: Value, ask: Ask): boolean {
  const places = typeof place === "object" && place.kind === "set" ? place.items : [place];
  const keys = places.map((each) => entity(each).key);
  const ancestors = find(ref, ask)?.ancestors;
  return keys.some((key) => key === ref.key || (ancestors?.has(key) ?? false));
}

function compileIs(expression: Extract<Expression, { kind: "is" }>): Evaluate {
  const of = compile(expression.of);
  const { type } = expression;
  if (expression.within === null) return (ask) => entity(of(ask)).type === type;
  const within = compile(expression.within);
  return (ask) => {
    const ref = entity(of(ask));
    return ref.type === type && isIn(ref, within(ask), ask);
  };
}

function compileLike({ of, pattern }: Like): Evaluate {
  const evaluate = compile(of);
  return (ask) => isLike(text(evaluate(ask)), pattern);
}

/** Each hole takes as little as it can: for holes that match anything, that finds a match. */
export function isLike(value: string, pattern: readonly (string | null)[]): boolean {
  let at = 0;
  let isAfterHole = false;
  for (const [i, part] of pattern.entries()) {
    if (part === null) {
      isAfterHole = true;
      continue;
    }
    if (i === pattern.length - 1 && isAfterHole) {
      return value.length - part.length >= at && value.endsWith(part);
    }
    const found = isAfterHole ? value.indexOf(part, at) : value.startsWith(part, at) ? at : -1;
    if (found === -1) return false;
    at = found + part.length;
    isAfterHole = false;
  }
  return isAfterHole || at === value.length;
}

function long(value: Value): number | bigint {
  return typeof value === "number" || typeof value === "bigint"
    ? value
    : mismatch("a number", value);
}

function text(value: Value): string {
  return typeof value === "string" ? value : mismatch("text", value);
}

function set(value: Value): SetValue {
  return typeof value === "object" && value.kind === "set" ? value : mismatch("a set", value);
}

function entity(value: Value): EntityRef {
  return typeof value === "object" && value.kind === "entity"
    ? value
    : mismatch("an entity", value);
}

function shown({ type, id }: EntityRef): string {
  return `${type}::${JSON.stringify(id)}`;
}

function mismatch(wanted: string, value: Value): never {
  const kind = typeof value === "object" ? value.kind : typeof value;
  return fault(`${wanted} was expected, not a ${kind}`);
}

function fault(message: string): never {
  throw new EvaluationFault(message);
}
