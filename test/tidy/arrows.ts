import type { Argument, Expression, VisitorObject } from "oxc-parser";
import type { Span } from "./module.ts";

/** One file naming another, by whichever statement. */
export interface Arrow {
  /** Undefined when the target is computed and cannot be read from the source. */
  readonly specifier: string | undefined;
  /** The whole statement is erased: `import type`, `export type … from`, `import("…").T`. */
  readonly isType: boolean;
  /** The file passes on what it imports. */
  readonly isReexport: boolean;
  readonly line: number;
}

type Draw = (arrow: Omit<Arrow, "line">, span: Span) => void;

/**
 * Collects imports, re-exports, dynamic imports, `import("…")` types, `require`, and
 * `new URL("…", import.meta.url)`, which is how a worker or a child process names its file.
 */
export function arrowVisitor(draw: Draw): VisitorObject {
  const plain = { isType: false, isReexport: false };
  return {
    ImportDeclaration: (node) =>
      draw({ ...plain, specifier: node.source.value, isType: node.importKind === "type" }, node),
    ExportAllDeclaration: (node) =>
      draw(
        { specifier: node.source.value, isType: node.exportKind === "type", isReexport: true },
        node,
      ),
    ExportNamedDeclaration: (node) => {
      if (node.source === null) return;
      const isType = node.exportKind === "type";
      draw({ specifier: node.source.value, isType, isReexport: true }, node);
    },
    ImportExpression: (node) =>
      draw({ ...plain, specifier: literalText(node.source) ?? packageHead(node.source) }, node),
    TSImportType: (node) => draw({ ...plain, specifier: node.source.value, isType: true }, node),
    CallExpression: (node) => {
      if (node.callee.type !== "Identifier" || node.callee.name !== "require") return;
      draw({ ...plain, specifier: literalText(node.arguments[0]) }, node);
    },
    NewExpression: (node) => {
      if (node.callee.type !== "Identifier" || node.callee.name !== "URL") return;
      const specifier = literalText(node.arguments[0]);
      if (specifier === undefined || !isMetaUrl(node.arguments[1])) return;
      draw({ ...plain, specifier }, node);
    },
  };
}

/** The text of a string, or of a template without holes; undefined for anything computed. */
export function literalText(node: Expression | Argument | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type !== "TemplateLiteral" || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

/** `@scope/` of a template that begins so: whatever fills the hole, it names a package. */
function packageHead(node: Expression): string | undefined {
  if (node.type !== "TemplateLiteral") return undefined;
  return /^@[a-z0-9-]+\//.exec(node.quasis[0]?.value.cooked ?? "")?.[0];
}

function isMetaUrl(node: Argument | undefined): boolean {
  return (
    node?.type === "MemberExpression" &&
    node.object.type === "MetaProperty" &&
    node.property.type === "Identifier" &&
    node.property.name === "url"
  );
}
