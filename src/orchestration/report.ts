/**
 * What the model's last words claim, held against the receipts. Structural first: the outside
 * system's own id of an effect is the proof, and a report can be made to cite it. Phrases that
 * claim an effect are declared with the tool; nothing is guessed from prose.
 *
 * T1 A sentence that claims a tool's effect needs a receipt of that tool. Only a denial in the
 *    same clause, before the phrase, makes it none.
 * T2 A cited report names every effect by its whole id: a part of a longer one is another id.
 * T3 A cited report names no id of that form which the run never saw.
 * T4 Text that looks alike is alike: letters of other alphabets, invisible characters, emphasis.
 *
 * What stands beside a right id in free words is not proven by any of this.
 */
import type { Receipt } from "../journal/receipt.ts";
import { isJsonObject, type Json } from "../std/json.ts";
import { claimingSentences } from "./claim.ts";

export interface Claims {
  readonly tool: string;
  /** Phrases that say the tool has done its work, in the words a model would use. */
  readonly phrases: readonly string[];
}

export interface ReportProblem {
  readonly what: string;
  readonly why: string;
}

/** What is wrong with a report. Empty: nothing. */
export function checkReport(
  text: string,
  given: {
    readonly receipts: readonly Receipt[];
    readonly claims: readonly Claims[];
    /** Every effect must be reported by its id, and every claim carry one. */
    readonly cited: boolean;
    /** What the run was started with: ids in it were not made up. */
    readonly input?: Json;
  },
): readonly ReportProblem[] {
  const { receipts, claims, cited } = given;
  const problems: ReportProblem[] = [];
  for (const { tool, phrases } of claims) {
    const own = receipts.filter((receipt) => receipt.tool === tool);
    const ids = own.map(citableId).filter((id) => id !== null);
    for (const { sentence, phrase } of claimingSentences(text, phrases)) {
      if (own.length === 0) {
        problems.push({
          what: `The report says "${phrase}"`,
          why: `no receipt of ${tool} backs it: call it, or say plainly that it was not done`,
        });
      } else if (cited && ids.length > 0 && !ids.some((id) => mentions(sentence, id))) {
        problems.push({
          what: `The report says "${phrase}" without its receipt`,
          why: `name the id that ${tool} returned in the same sentence`,
        });
      }
    }
  }
  if (!cited) return problems;
  return [...problems, ...unreported(text, receipts), ...madeUp(text, receipts, given.input)];
}

/** Effects that happened and that the report does not mention by their id. */
function unreported(text: string, receipts: readonly Receipt[]): readonly ReportProblem[] {
  return receipts.flatMap((receipt) => {
    if (receipt.effect === "read") return [];
    const id = citableId(receipt);
    if (id === null || mentions(text, id)) return [];
    const what = `The report does not mention ${receipt.tool} (${id})`;
    return [{ what, why: "it happened: report every effect by the id that the tool returned" }];
  });
}

/** A letter prefix, as most systems write before the number of an id. */
const PREFIX = /^[A-Za-z]{2,}[_-](?=.*\d)/;

/** More of them help nobody. */
const MADE_UP_MAX = 5;

/** Ids of the form of a known one that stand in no receipt and not in the input (T3). */
function madeUp(
  text: string,
  receipts: readonly Receipt[],
  input: Json | undefined,
): readonly ReportProblem[] {
  const prefixes = new Set<string>();
  for (const receipt of receipts) {
    const prefix = PREFIX.exec(citableId(receipt) ?? "")?.[0];
    if (prefix !== undefined) prefixes.add(prefix);
  }
  if (prefixes.size === 0) return [];
  const seen = JSON.stringify([input ?? null, receipts]);
  const found = new Set<string>();
  for (const id of idsWith(prefixes, text)) {
    if (found.size < MADE_UP_MAX && !mentions(seen, id)) found.add(id);
  }
  return [...found].map((id) => {
    const why = "no tool returned it: name only ids that you were given";
    return { what: `The report names "${id}"`, why };
  });
}

/** What looks like an id with one of these prefixes, each once. */
function idsWith(prefixes: ReadonlySet<string>, text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const prefix of prefixes) {
    const form = new RegExp(`(?<![A-Za-z0-9_])${prefix}[A-Za-z0-9_-]*[A-Za-z0-9]`, "gi");
    for (const [id] of text.matchAll(form)) if (/\d/.test(id)) ids.add(id);
  }
  return ids;
}

/** Whether the text has this id as a whole, and not within a longer id or number. */
function mentions(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const before = text.slice(Math.max(0, at - 2), at);
    const after = text.slice(at + id.length, at + id.length + 2);
    if (!GOES_ON_BEFORE.test(before) && !GOES_ON_AFTER.test(after)) return true;
  }
  return false;
}

// Letters of ASCII alone: some languages are written without a space before an id.
const GOES_ON_BEFORE = /[A-Za-z0-9_]$|[A-Za-z0-9]-$|\d[.,]$/;
const GOES_ON_AFTER = /^[A-Za-z0-9_]|^-[A-Za-z0-9]|^[.,]\d/;

/** The outside system's id of an effect: the receipt, its `id`, or the output's `id`. */
export function citableId(receipt: Pick<Receipt, "output" | "receipt">): string | null {
  return idIn(receipt.receipt) ?? idIn(isJsonObject(receipt.output) ? receipt.output : undefined);
}

function idIn(value: Json | undefined): string | null {
  if (typeof value === "string" && value !== "" && value.length <= 200) return value;
  if (typeof value === "number") return String(value);
  if (!isJsonObject(value)) return null;
  const { id } = value;
  return typeof id === "string" || typeof id === "number" ? String(id) : null;
}
