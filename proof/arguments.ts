/** From the command line to one proof and its options; whatever is wrong is said with the fix. */
import { parseArgs } from "node:util";
import { didYouMean } from "../src/std/suggest.ts";
import type { OptionValues, Proof, ProofOption } from "./proof.ts";

export type Arguments =
  | { readonly kind: "list" }
  | { readonly kind: "help"; readonly proof: Proof | null }
  | { readonly kind: "usage"; readonly message: string }
  | {
      readonly kind: "run";
      readonly proof: Proof;
      readonly quick: boolean;
      readonly json: boolean;
      readonly options: OptionValues;
    };

/** The options that every proof takes. */
export const commonOptions: readonly ProofOption[] = [
  { name: "quick", kind: "flag", summary: "a sample, in seconds" },
  { name: "json", kind: "flag", summary: "end with one line of JSON on stdout" },
  { name: "help", kind: "flag", summary: "this text" },
];

export function readArguments(argv: readonly string[], proofs: readonly Proof[]): Arguments {
  const [name, ...rest] = argv;
  if (name === undefined) return { kind: "list" };
  if (name === "--help" || name === "-h") return { kind: "help", proof: null };
  const known = proofs.map((proof) => proof.name);
  if (name.startsWith("-")) {
    return usage(`Name the proof first: ${known.join(", ")}. Example: prove crash ${name}`);
  }
  const proof = proofs.find((candidate) => candidate.name === name);
  if (proof === undefined) {
    return usage(`There is no proof "${name}". ${didYouMean(name, known)}`);
  }
  return readOptions(proof, rest);
}

function readOptions(proof: Proof, argv: readonly string[]): Arguments {
  const allowed = [...commonOptions, ...proof.options];
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(allowed.map((option) => [option.name, { type: typeOf(option) }])),
    strict: false,
    tokens: true,
  });
  const options: Record<string, string | number | true> = {};
  for (const token of tokens) {
    if (token.kind === "positional") return usage(`"${token.value}" is one name too many.`);
    if (token.kind !== "option") continue;
    const read = readOption(allowed, token);
    if (typeof read === "string") return usage(read);
    options[token.name] = read.value;
  }
  if (options["help"] !== undefined) return { kind: "help", proof };
  const { quick, json, ...own } = options;
  return { kind: "run", proof, quick: quick === true, json: json === true, options: own };
}

/** The value, or what is wrong with it. */
function readOption(
  allowed: readonly ProofOption[],
  token: { readonly name: string; readonly rawName: string; readonly value?: string | undefined },
): string | { readonly value: string | number | true } {
  const option = allowed.find((candidate) => candidate.name === token.name);
  if (option === undefined) {
    const names = allowed.map((candidate) => `--${candidate.name}`);
    return `There is no option ${token.rawName}. ${didYouMean(token.rawName, names)}`;
  }
  const { name, kind, choices, placeholder = "VALUE" } = option;
  if (kind === "flag") {
    return token.value === undefined ? { value: true } : `--${name} takes no value.`;
  }
  const { value } = token;
  if (value === undefined || value === "" || value.startsWith("--")) {
    return `--${name} needs a value: --${name} ${placeholder}`;
  }
  if (choices !== undefined && !choices.includes(value)) {
    return `--${name} cannot be "${value}". ${didYouMean(value, choices)}`;
  }
  if (kind === "text") return { value };
  const number = Number(value);
  return Number.isFinite(number) ? { value: number } : `--${name} needs a number, not "${value}".`;
}

function typeOf(option: ProofOption): "boolean" | "string" {
  return option.kind === "flag" ? "boolean" : "string";
}

function usage(message: string): Arguments {
  return { kind: "usage", message };
}
