/** Expressions that differ from another in one place. */
import type { Expression } from "./expression.ts";

/** Every expression that `change` makes of one place inside another, the whole included. */
export function variantsOf(
  expression: Expression,
  change: (inner: Expression) => readonly Variant[],
): readonly Variant[] {
  return [...change(expression), ...insideOf(expression, change)];
}

export interface Variant {
  readonly expression: Expression;
  /** What was done, for whoever reads the survivors. */
  readonly what: string;
}

type Change = (inner: Expression) => readonly Variant[];

function insideOf(expression: Expression, change: Change): readonly Variant[] {
  /** Variants of one part, put back where it was. */
  const at = (part: Expression, put: (changed: Expression) => Expression): readonly Variant[] =>
    variantsOf(part, change).map(({ expression: changed, what }) => {
      return { expression: put(changed), what };
    });
  switch (expression.kind) {
    case "literal":
    case "variable":
    case "foreign":
      return [];
    case "unary":
    case "attribute":
    case "has":
    case "like":
      return at(expression.of, (of) => ({ ...expression, of }));
    case "binary":
      return [
        ...at(expression.left, (left) => ({ ...expression, left })),
        ...at(expression.right, (right) => ({ ...expression, right })),
      ];
    case "is": {
      const { within } = expression;
      return [
        ...at(expression.of, (of) => ({ ...expression, of })),
        ...(within === null ? [] : at(within, (changed) => ({ ...expression, within: changed }))),
      ];
    }
    case "if":
      return [
        ...at(expression.test, (test) => ({ ...expression, test })),
        ...at(expression.yes, (yes) => ({ ...expression, yes })),
        ...at(expression.no, (no) => ({ ...expression, no })),
      ];
    case "set":
      return expression.items.flatMap((item, i) =>
        at(item, (changed) => ({ ...expression, items: expression.items.with(i, changed) })),
      );
    case "record":
    default:
      return expression.members.flatMap(([name, inner], i) =>
        at(inner, (changed) => {
          return { ...expression, members: expression.members.with(i, [name, changed]) };
        }),
      );
  }
}
