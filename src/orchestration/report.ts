/**
 * What the model's last words claim, held against the receipts. Structural first: the outside
 * system's own id of an effect is the proof, and a report can be made to cite it. Phrases that
 * claim an effect are declared with the tool; nothing is guessed from prose.
 */
import type { Receipt } from "../journal/receipt.ts";
import { isJsonObject, type Json } from "../std/json.ts";

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
  },
): readonly ReportProblem[] {
  const { receipts, claims, cited } = given;
  const problems: ReportProblem[] = [];
  const sentences = sentencesOf(text);
  for (const { tool, phrases } of claims) {
    const own = receipts.filter((receipt) => receipt.tool === tool);
    const ids = own.map(citableId).filter((id) => id !== null);
    for (const sentence of sentences) {
      const phrase = claimedPhrase(sentence, phrases);
      if (phrase === null) continue;
      if (own.length === 0) {
        problems.push({
          what: `The report says "${phrase}"`,
          why: `no receipt of ${tool} backs it: call it, or say plainly that it was not done`,
        });
      } else if (cited && ids.length > 0 && !ids.some((id) => sentence.includes(id))) {
        problems.push({
          what: `The report says "${phrase}" without its receipt`,
          why: `name the id that ${tool} returned in the same sentence`,
        });
      }
    }
  }
  return cited ? [...problems, ...unreported(text, receipts)] : problems;
}

/** Effects that happened and that the report does not mention by their id. */
function unreported(text: string, receipts: readonly Receipt[]): readonly ReportProblem[] {
  return receipts.flatMap((receipt) => {
    if (receipt.effect === "read") return [];
    const id = citableId(receipt);
    if (id === null || text.includes(id)) return [];
    const what = `The report does not mention ${receipt.tool} (${id})`;
    return [{ what, why: "it happened: report every effect by the id that the tool returned" }];
  });
}

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

function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.!?])\s+|\n+/);
}

/** A sentence with one of these words denies rather than claims, or speaks of what may come. */
const DENIES =
  /\b(?:not|no|never|cannot|unable|without|failed|declined|would|could|if|before)\b|n['’]t\b/i;

function claimedPhrase(sentence: string, phrases: readonly string[]): string | null {
  const plain = sentence.toLowerCase();
  const phrase = phrases.find((each) => plain.includes(each.toLowerCase()));
  return phrase === undefined || DENIES.test(sentence) ? null : phrase;
}
