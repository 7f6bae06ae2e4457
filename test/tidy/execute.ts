/**
 * Finds every way to get at a tool's `execute`. It is the one function that changes the world,
 * so a second caller would be a second world: ungoverned, unreserved, unrecorded.
 *
 * X1 A call is seen whichever way it is written: `t.execute()`, `t["execute"]()`,
 *    `t.execute?.()`, `t.execute.call(t)`, and a bare `execute()` after destructuring.
 * X2 Taking the function under another name is seen too: `const run = t.execute`,
 *    `{ execute: run } = t`, and handing `t.execute` to another function.
 * X3 Defining it (`execute: (input) => …`), copying it under its own name
 *    (`{ execute: t.execute }`) and asking whether it is there are not calls.
 */
import type { Expression, MemberExpression, Node, VisitorObject } from "oxc-parser";
import { literalText } from "./arrows.ts";
import type { See } from "./module.ts";

const NAME = "execute";

export function executeVisitor(see: See): VisitorObject {
  const harmless = new Set<Node>();
  return {
    // A parent is visited before its child, so it can vouch for it.
    UnaryExpression: (node) => {
      if (node.operator === "typeof") vouch(node.argument, harmless);
    },
    BinaryExpression: (node) => {
      if (!/^[!=]==?$/.test(node.operator)) return;
      vouch(node.left, harmless);
      vouch(node.right, harmless);
    },
    ObjectExpression: (node) => {
      for (const part of node.properties) {
        if (part.type === "Property" && keyName(part.key) === NAME) vouch(part.value, harmless);
      }
    },
    ObjectPattern: (node) => {
      for (const part of node.properties) {
        if (part.type !== "Property" || keyName(part.key) !== NAME) continue;
        if (!part.shorthand) see("execute", part);
      }
    },
    MemberExpression: (node) => {
      if (memberName(node) === NAME && !harmless.has(node)) see("execute", node);
    },
    CallExpression: (node) => {
      if (node.callee.type === "Identifier" && node.callee.name === NAME) see("execute", node);
    },
  };
}

function vouch(node: Expression, harmless: Set<Node>): void {
  if (node.type === "ChainExpression") vouch(node.expression, harmless);
  else if (node.type === "MemberExpression") harmless.add(node);
}

/** In `t[execute]` the name is a variable's, so only a literal key says which member it is. */
function memberName(node: MemberExpression): string | undefined {
  return node.computed ? literalText(node.property) : keyName(node.property);
}

function keyName(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  return undefined;
}
