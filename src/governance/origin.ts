/**
 * Which trusted source says a value, if any.
 *
 * OR1 Words make a value trusted only as whole tokens of a text by the user or the operator, or of
 *     what the model wrote before exposure.
 * OR2 A platform's or directory's value counts only when such a text names its record and no other,
 *     or when this run's own write returned it: else an attacker could pick among all that exist.
 * OR3 A member of the directory may be a destination without being named, where nothing but
 *     text goes there.
 * OR4 A field that only repeats what an exposed model gave to the call is nobody's word, unless a
 *     person approved that call and the value decided where it goes or what it acts on.
 * OR5 A credential comes from words alone.
 */
import { isEcho } from "./echo.ts";
import type { Label } from "./label.ts";
import { numberOf, occursIn } from "./literal.ts";
import type { ArgumentKind } from "./tool-labels.ts";
import { factKey, type Fact, type FoundFact, type Output, type TrustIndex } from "./trust.ts";

export interface Origin {
  readonly ground: "literal" | "own" | "named" | "member";
  readonly source: string;
}

type Scalar = string | number | boolean;

/** Of the places where a value stands no more than this many are asked for a name. */
export const PLACES_MAX = 64;

/** A name shorter than this names nothing. */
const NAME_CHARS_MIN = 3;

/** Who says this value; null for nobody trusted. */
export function originOf(
  index: TrustIndex,
  asked: { readonly text: Scalar; readonly kind: ArgumentKind; readonly isInside: boolean },
): Origin | null {
  const { text, kind, isInside } = asked;
  const said = textOf(index, text);
  if (said !== null) return { ground: "literal", source: said.source };
  if (kind === "credential") return null;
  const facts = factsOf(index, text).filter(({ output }) => !repeats(output, text));
  for (const { fact, output } of facts.slice(0, PLACES_MAX)) {
    const source = output.tool;
    if (output.standing !== "read") return { ground: "own", source };
    if (isNamed(index, fact, output)) return { ground: "named", source };
  }
  if (kind !== "destination" || !isInside) return null;
  return memberOf(index, text, facts);
}

/**
 * The label of a trusted text that says the value (OR1), of one that everybody may see when there
 * is one; null for none. Digits that are no plain number (an account, a code with zeros in front)
 * are compared as text.
 */
export function textOf(index: TrustIndex, value: Scalar): Label | null {
  if (typeof value === "boolean") return null;
  const number = typeof value === "number" ? value : numberOf(value);
  let found: Label | null = null;
  for (const { text, numbers, label } of index.texts) {
    if (found !== null && label.readers !== "anyone") continue;
    const isSaid = number === null ? occursIn(text, String(value)) : numbers.has(number);
    if (!isSaid) continue;
    if (label.readers === "anyone") return label;
    found = label;
  }
  return found;
}

function repeats({ spoken }: Output, value: Scalar): boolean {
  return spoken !== null && isEcho(spoken, value);
}

/** The trusted fields that hold exactly this value. */
export function factsOf(index: TrustIndex, value: Scalar): readonly FoundFact[] {
  return [...index.facts.get(factKey(value))];
}

/**
 * True when a trusted text names a member of the value's own record, and of no other (OR2): what
 * several records of the output say in the same field (a status, a currency) is no name.
 */
function isNamed(index: TrustIndex, fact: Fact, output: Output): boolean {
  return output.facts.some((name) => {
    const [record] = name.holders;
    if (record === undefined || !name.isMember || !fact.holders.includes(record)) return false;
    const { value } = name;
    if (typeof value !== "string" || !isName(value) || !isSpokenOf(index, value)) return false;
    return output.facts.every(
      (other) =>
        other.field !== name.field || other.holders[0] === record || !isAlike(other, value),
    );
  });
}

function isAlike({ value }: Fact, name: string): boolean {
  return typeof value === "string" && value.toLowerCase() === name.toLowerCase();
}

/** Numbers, dates and single letters are no names: too many records have them. */
function isName(value: string): boolean {
  return value.length >= NAME_CHARS_MIN && /\p{L}{2}/u.test(value);
}

function isSpokenOf(index: TrustIndex, name: string): boolean {
  const lower = name.toLowerCase();
  for (const text of index.texts) if (occursIn(text.lower, lower)) return true;
  return false;
}

function memberOf(index: TrustIndex, value: Scalar, facts: readonly FoundFact[]): Origin | null {
  const listed = facts.find(({ fact }) => fact.label.integrity === "directory");
  if (listed !== undefined) return { ground: "member", source: listed.output.tool };
  if (typeof value !== "string") return null;
  for (const member of index.members) {
    if (isMember(member, value)) return { ground: "member", source: "the operator's directory" };
  }
  return null;
}

const LOCAL_PART = /^[A-Za-z0-9._%+-]{1,64}$/;

function isMember(member: string, value: string): boolean {
  if (!member.startsWith("*@")) return member === value;
  const at = value.indexOf("@");
  const domain = value.slice(at + 1).toLowerCase();
  return (
    LOCAL_PART.test(value.slice(0, Math.max(0, at))) && domain === member.slice(2).toLowerCase()
  );
}
