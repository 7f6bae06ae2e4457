/** Conditions in plain English, with the values they met. */
import { compile, EvaluationFault } from "./evaluate.ts";
import type { Binary, BinaryOperator, Expression } from "./expression.ts";
import type { Ask } from "./request.ts";
import type { Value } from "./value.ts";

/**
 * What an expression says when it is true, or, with `holds` false, when it is not: "input amount
 * cents 500 is more than 400".
 */
export function phrase(expression: Expression, ask: Ask, holds: boolean): string {
  return say(expression, { ask, isWish: false }, holds);
}

/** What would have to be so: "input amount cents were at most 400 (now 500)". */
export function wish(expression: Expression, ask: Ask, holds: boolean): string {
  return say(expression, { ask, isWish: true }, holds);
}

interface Tone {
  readonly ask: Ask;
  readonly isWish: boolean;
}

function say(expression: Expression, tone: Tone, holds: boolean): string {
  const { ask } = tone;
  const is = tone.isWish ? "were" : "is";
  const not = holds ? "" : "not ";
  switch (expression.kind) {
    case "binary":
      return sayBinary(expression, tone, holds);
    case "unary":
      if (expression.operator === "!") return say(expression.of, tone, !holds);
      if (expression.operator === "neg") return `${noun(expression, ask)} ${is} ${holds}`;
      return `${subject(expression.of, tone)} ${is} ${not}empty${now(expression.of, tone)}`;
    case "has": {
      const [name = "", ...rest] = expression.path;
      const of = rest.reduce<Expression>(
        (inner, step) => ({ kind: "attribute", of: inner, name: step }),
        { kind: "attribute", of: expression.of, name },
      );
      return `${words(of, ask)} ${is} ${not}given`;
    }
    case "like": {
      const pattern = expression.pattern.map((part) => part ?? "*").join("");
      const verb = `${is}${holds ? "" : " not"} like`;
      const text = JSON.stringify(pattern);
      return `${subject(expression.of, tone)} ${verb} ${text}${now(expression.of, tone)}`;
    }
    case "is": {
      const place = expression.within === null ? "" : ` in ${noun(expression.within, ask)}`;
      const verb = `${is}${holds ? "" : " not"}`;
      return `${noun(expression.of, ask)} ${verb} of the type ${expression.type}${place}`;
    }
    case "if": {
      const { test, yes, no } = expression;
      const branches = [say(yes, tone, holds), say(no, tone, holds)] as const;
      return `(if ${phrase(test, ask, true)}: ${branches[0]}; else: ${branches[1]})`;
    }
    case "literal":
    case "variable":
    case "attribute":
    case "set":
    case "record":
      return `${words(expression, ask)} ${is} ${String(holds)}`;
    case "foreign":
    default:
      return holds ? "a test of Cedar's own holds" : "a test of Cedar's own does not hold";
  }
}

type Verbs = readonly [holds: string, fails: string];

const verbs: Partial<Record<BinaryOperator, Verbs>> = {
  "==": ["is", "is not"],
  "!=": ["is not", "is"],
  "<": ["is less than", "is at least"],
  "<=": ["is at most", "is more than"],
  ">": ["is more than", "is at most"],
  ">=": ["is at least", "is less than"],
  in: ["is in", "is not in"],
  contains: ["holds", "does not hold"],
  containsAll: ["holds all of", "does not hold all of"],
  containsAny: ["holds some of", "holds none of"],
  hasTag: ["has the tag", "does not have the tag"],
};

function sayBinary(expression: Binary, tone: Tone, holds: boolean): string {
  const { operator, left, right } = expression;
  if (operator === "&&" || operator === "||") {
    const isAll = (operator === "&&") === holds;
    const sides = [say(left, tone, holds), say(right, tone, holds)];
    return isAll ? sides.join(" and ") : `(${sides.join(" or ")})`;
  }
  const [yes, no] = verbs[operator] ?? ["makes true with", "makes false with"];
  const verb = tone.isWish ? wished(holds ? yes : no) : holds ? yes : no;
  return `${subject(left, tone)} ${verb} ${noun(right, tone.ask)}${now(left, tone)}`;
}

function wished(verb: string): string {
  return verb
    .replace(/^is\b/, "were")
    .replace(/^does\b/, "did")
    .replace(/^holds\b/, "held")
    .replace(/^has\b/, "had")
    .replace(/^makes\b/, "made");
}

/** In a wish the value stands after it, because it is the one that would have to change. */
function subject(expression: Expression, { ask, isWish }: Tone): string {
  return isWish && expression.kind !== "literal" ? words(expression, ask) : noun(expression, ask);
}

function now(expression: Expression, { ask, isWish }: Tone): string {
  if (!isWish || expression.kind === "literal" || expression.kind === "variable") return "";
  const value = valueIn(expression, ask);
  return value === undefined ? " (it cannot be told now)" : ` (now ${valueText(value)})`;
}

/** What it is called and what it is: `input amount cents 500`; a literal is its value alone. */
function noun(expression: Expression, ask: Ask): string {
  if (expression.kind === "literal") return valueText(expression.value);
  if (expression.kind === "variable") return words(expression, ask);
  const value = valueIn(expression, ask);
  const name = words(expression, ask);
  if (value === undefined) return `${name} (which cannot be told)`;
  const text = valueText(value);
  if (name === text) return text;
  return expression.kind === "binary" ? `${name} = ${text}` : `${name} ${text}`;
}

function valueIn(expression: Expression, ask: Ask): Value | undefined {
  try {
    return compile(expression)(ask);
  } catch (thrown) {
    if (thrown instanceof EvaluationFault) return undefined;
    throw thrown;
  }
}

function words(expression: Expression, ask: Ask): string {
  switch (expression.kind) {
    case "attribute":
      return attributeWords(expression, ask);
    case "variable":
      return variableWords(expression.name, ask);
    case "literal":
      return valueText(expression.value);
    case "unary":
      return expression.operator === "neg" ? `minus ${words(expression.of, ask)}` : "the test";
    case "binary": {
      const { operator, left, right } = expression;
      const signs: Partial<Record<BinaryOperator, string>> = { "+": "+", "-": "−", "*": "×" };
      const sign = signs[operator];
      return sign === undefined ? "the test" : `${side(left, ask)} ${sign} ${side(right, ask)}`;
    }
    case "set":
      return "the list";
    case "has":
    case "like":
    case "is":
    case "if":
    case "record":
    case "foreign":
    default:
      return "the value";
  }
}

function side(expression: Expression, ask: Ask): string {
  const isSum = expression.kind === "binary";
  const text = noun(expression, ask);
  return isSum ? `(${text})` : text;
}

/** `context.input.amountCents` is "input amount cents", `resource.total` is "order total". */
function attributeWords(expression: Extract<Expression, { kind: "attribute" }>, ask: Ask): string {
  const { of, name } = expression;
  if (of.kind === "variable" && of.name === "context") return spaced(name);
  return `${words(of, ask)} ${spaced(name)}`;
}

function variableWords(name: "principal" | "action" | "resource" | "context", ask: Ask): string {
  switch (name) {
    case "principal":
      return "user";
    case "action":
      return "the action";
    case "resource":
      return spaced(ask.resource.ref.type.split("::").at(-1) ?? "").toLowerCase();
    case "context":
    default:
      return "the call";
  }
}

/** "amountCents" and "amount-cents" are "amount cents". */
function spaced(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after}`)
    .replace(/[-_]+/g, " ")
    .toLowerCase();
}

const ITEMS_MAX = 8;
const TEXT_MAX = 80;

/** As an author would write it, cut when long. */
export function valueText(value: Value): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value);
  }
  if (typeof value !== "object") return String(value);
  switch (value.kind) {
    case "entity":
      return `${value.type}::${JSON.stringify(value.id)}`;
    case "set": {
      const shown = value.items.slice(0, ITEMS_MAX).map(valueText);
      const more = value.items.length > ITEMS_MAX ? ", …" : "";
      return `[${shown.join(", ")}${more}]`;
    }
    case "record":
    default: {
      const members = [...value.members].slice(0, ITEMS_MAX);
      return `{${members.map(([name, inner]) => `${name}: ${valueText(inner)}`).join(", ")}}`;
    }
  }
}
