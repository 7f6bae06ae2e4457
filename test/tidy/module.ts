import { parseSync, type VisitorObject, Visitor } from "oxc-parser";
import { arrowVisitor, type Arrow } from "./arrows.ts";
import { executeVisitor } from "./execute.ts";
import { sightingVisitor } from "./sightings.ts";

/** Something a rule may forbid, and where it stands. Line numbers start at 1. */
export interface Sighting {
  readonly kind:
    | "any"
    | "non-null"
    | "cast"
    | "default export"
    | "module mock"
    | "narrowed test"
    | "test title"
    | "execute";
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

export interface Remark {
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

/** What the rules need to know of one JavaScript or TypeScript file. */
export interface Module {
  readonly path: string;
  readonly lines: readonly string[];
  readonly arrows: readonly Arrow[];
  readonly sightings: readonly Sighting[];
  readonly comments: readonly Remark[];
  /** The parser's complaints. A file that does not parse would satisfy every other rule. */
  readonly errors: readonly string[];
}

export interface SourceText {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Reports one thing seen between two offsets of the text. */
export type See = (kind: Sighting["kind"], node: Span, text?: string) => void;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function parseModule(file: SourceText): Module {
  const parsed = parseSync(file.path, file.text, { preserveParens: false });
  const lineAt = lineFinder(file.text);
  const place = (span: Span): { line: number; endLine: number } => ({
    line: lineAt(span.start),
    endLine: lineAt(span.end),
  });
  const arrows: Arrow[] = [];
  const sightings: Sighting[] = [];
  const see: See = (kind, node, text) => {
    const shown = text ?? file.text.slice(node.start, node.end);
    sightings.push({ kind, ...place(node), text: shown });
  };
  const visitors: readonly VisitorObject[] = [
    arrowVisitor((arrow, span) => arrows.push({ ...arrow, line: lineAt(span.start) })),
    sightingVisitor(see),
    executeVisitor(see),
  ];
  for (const visitor of visitors) new Visitor(visitor).visit(parsed.program);
  return {
    path: file.path,
    lines: file.lines,
    arrows,
    sightings,
    comments: parsed.comments.map((found) => ({ ...place(found), text: found.value })),
    errors: parsed.errors.map((found) => found.message),
  };
}

/** Turns an offset into a line number by halving the list of line starts. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
