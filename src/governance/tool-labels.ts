/**
 * What a tool's author declares about the values that pass through it.
 *
 * TL1 Of the patterns that cover a field the longest decides; among equally long ones the one
 *     with fewer stars, and after that the least trusted.
 * TL2 A field that no pattern covers is untrusted.
 * TL3 A tool that writes and does not say which of its arguments are sensitive has none that are
 *     not: each one is treated as a selector.
 */
import { BridleError } from "../std/error.ts";
import { covers, parsePath, pathText, reachesInto, type FieldPath } from "./field-path.ts";
import { integrities, isTrusted, type Integrity, type Label, type Readers } from "./label.ts";

/**
 * `destination`: where something goes. `selector`: which existing thing is acted on. `amount`,
 * `credential`. `content`: text that leaves; it may be made up, but must carry no strange links.
 */
export const argumentKinds = [
  "destination",
  "amount",
  "credential",
  "selector",
  "content",
] as const;

export type ArgumentKind = (typeof argumentKinds)[number];

export type FieldLabel = Integrity | { readonly integrity: Integrity; readonly readers: Readers };

export interface ToolLabels {
  /** Output fields by path pattern. Undeclared fields are untrusted. */
  readonly output?: { readonly [path: string]: FieldLabel };
  /** Argument paths by what makes them sensitive. `{}` says that none is. */
  readonly sensitive?: { readonly [path: string]: ArgumentKind };
}

export interface PreparedLabels {
  readonly tool: string;
  readonly isWrite: boolean;
  readonly output: readonly OutputPattern[];
  readonly sensitive: readonly SensitivePattern[];
}

interface OutputPattern {
  readonly path: FieldPath;
  readonly label: Label;
}

interface SensitivePattern {
  readonly path: FieldPath;
  readonly kind: ArgumentKind;
}

/** No tool declares more patterns than this. */
export const PATTERNS_MAX = 200;

/** Checks a declaration once, so that a slip is told at start-up and not found by an attacker. */
export function prepareLabels(
  tool: { readonly name: string; readonly isWrite: boolean },
  declared: ToolLabels = {},
): PreparedLabels {
  const { name, isWrite } = tool;
  const { output = {}, sensitive } = declared;
  const given = Object.entries(sensitive ?? (isWrite ? { "": "selector" as const } : {}));
  if (Object.keys(output).length + given.length > PATTERNS_MAX) {
    throw invalid(name, `more than ${PATTERNS_MAX} patterns`);
  }
  return {
    tool: name,
    isWrite,
    output: Object.entries(output).map(([path, label]) => readOutput(name, path, label)),
    sensitive: given.map(([path, kind]) => {
      if (!argumentKinds.includes(kind)) throw invalid(name, `"${path}" is of kind ${kind}`);
      return { path: parsePath(path), kind };
    }),
  };
}

/** The label of one output field (TL1, TL2). */
export function labelOfField(labels: PreparedLabels, path: FieldPath): Label {
  let best: OutputPattern | undefined;
  for (const pattern of labels.output) {
    if (!covers(pattern.path, path)) continue;
    if (best === undefined || isCloser(pattern, best)) best = pattern;
  }
  return best?.label ?? { integrity: "untrusted", source: labels.tool, readers: "anyone" };
}

/** What kind of sensitive argument stands at this path; null for none. */
export function kindOfArgument(labels: PreparedLabels, path: FieldPath): ArgumentKind | null {
  let best: SensitivePattern | undefined;
  for (const pattern of labels.sensitive) {
    if (covers(pattern.path, path) && pattern.path.length >= (best?.path.length ?? 0)) {
      best = pattern;
    }
  }
  return best?.kind ?? null;
}

/** True when something untrusted may stand in the value at this path, were it not empty. */
export function mayHoldUntrusted(labels: PreparedLabels, path: FieldPath): boolean {
  if (!isTrusted(labelOfField(labels, path).integrity)) return true;
  return labels.output.some(
    (pattern) => !isTrusted(pattern.label.integrity) && reachesInto(pattern.path, path),
  );
}

function isCloser(one: OutputPattern, other: OutputPattern): boolean {
  if (one.path.length !== other.path.length) return one.path.length > other.path.length;
  const stars = starsIn(one.path) - starsIn(other.path);
  if (stars !== 0) return stars < 0;
  return integrities.indexOf(one.label.integrity) > integrities.indexOf(other.label.integrity);
}

function starsIn(path: FieldPath): number {
  return path.filter((part) => part === "*").length;
}

function readOutput(tool: string, path: string, declared: FieldLabel): OutputPattern {
  const { integrity, readers } =
    typeof declared === "string" ? { integrity: declared, readers: "anyone" as const } : declared;
  const pattern = parsePath(path);
  if (!integrities.includes(integrity)) throw invalid(tool, `"${path}" is ${integrity}`);
  if (readers !== "anyone" && !Array.isArray(readers)) {
    throw invalid(tool, `${pathText(pattern)} has readers that are no list`);
  }
  return { path: pattern, label: { integrity, source: tool, readers } };
}

function invalid(tool: string, what: string): BridleError {
  return new BridleError("tool_invalid", `Tool "${tool}" has labels that cannot be: ${what}`, {
    hint:
      `Fields are ${integrities.join(", ")}; arguments are ${argumentKinds.join(", ")}; ` +
      `a tool has at most ${PATTERNS_MAX} patterns.`,
  });
}
