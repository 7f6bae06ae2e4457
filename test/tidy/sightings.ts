import type { Expression, TSType, VisitorObject } from "oxc-parser";
import { literalText } from "./arrows.ts";
import type { See } from "./module.ts";

const TEST_WORDS = new Set(["it", "test", "describe", "suite"]);
const NARROWING = new Set(["only", "todo", "skip"]);
const MOCKS = new Set(["mock", "doMock", "importMock"]);

/** Looks for what the style forbids, or counts, wherever it stands in a module. */
export function sightingVisitor(see: See): VisitorObject {
  return { ...typeVisitor(see), ...testVisitor(see), ...exportVisitor(see) };
}

function typeVisitor(see: See): VisitorObject {
  return {
    TSAnyKeyword: (node) => see("any", node),
    TSNonNullExpression: (node) => see("non-null", node),
    VariableDeclarator: (node) => {
      if (node.definite === true) see("non-null", node);
    },
    PropertyDefinition: (node) => {
      if (node.definite === true) see("non-null", node);
    },
    TSAsExpression: (node) => {
      if (!isConst(node.typeAnnotation)) see("cast", node);
    },
    TSTypeAssertion: (node) => {
      if (!isConst(node.typeAnnotation)) see("cast", node);
    },
  };
}

function testVisitor(see: See): VisitorObject {
  return {
    MemberExpression: (node) => {
      if (node.property.type !== "Identifier") return;
      const word = node.property.name;
      const root = rootName(node.object);
      if (root === "vi" && MOCKS.has(word)) see("module mock", node);
      if (root !== undefined && TEST_WORDS.has(root) && NARROWING.has(word)) {
        see("narrowed test", node);
      }
    },
    CallExpression: (node) => {
      const root = rootName(node.callee);
      const title = node.arguments[0];
      if (root === undefined || !TEST_WORDS.has(root) || title === undefined) return;
      const isText = literalText(title) !== undefined || title.type === "TemplateLiteral";
      if (isText) see("test title", title);
    },
  };
}

function exportVisitor(see: See): VisitorObject {
  return {
    ExportDefaultDeclaration: (node) => see("default export", node, "export default"),
    ExportSpecifier: (node) => {
      if (node.exported.type === "Identifier" && node.exported.name === "default") {
        see("default export", node);
      }
    },
  };
}

/** `it` of `it`, `it.each(rows)` and of `it.each` with a table in a template. */
function rootName(node: Expression): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression") return rootName(node.object);
  if (node.type === "CallExpression") return rootName(node.callee);
  return node.type === "TaggedTemplateExpression" ? rootName(node.tag) : undefined;
}

function isConst(type: TSType): boolean {
  return (
    type.type === "TSTypeReference" &&
    type.typeName.type === "Identifier" &&
    type.typeName.name === "const"
  );
}
