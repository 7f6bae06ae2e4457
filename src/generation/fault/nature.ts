import type { ModelFault } from "../../journal/model-fault.ts";

type Bare<F> = F extends unknown ? Omit<F, "message" | "status" | "hasBegun"> : never;

/** A fault's kind and the members of that kind, before it is put in words. */
export type Nature = Bare<ModelFault>;

/** What a provider's code or wording says, whatever status it came with. */
export type Meaning =
  | "quota"
  | "history"
  | "overflow"
  | "filtered"
  | "refused"
  | "truncated"
  | "model"
  | "address"
  | "size"
  | "auth"
  | "overloaded"
  | "rate"
  | "unavailable";

const NATURES: Readonly<Record<Meaning, Nature>> = {
  quota: { kind: "quota_exhausted" },
  history: { kind: "invalid_request", about: "history" },
  overflow: { kind: "context_overflow" },
  filtered: { kind: "content_filtered" },
  refused: { kind: "refused" },
  truncated: { kind: "truncated" },
  model: { kind: "invalid_request", about: "model" },
  address: { kind: "invalid_request", about: "address" },
  size: { kind: "invalid_request", about: "size" },
  auth: { kind: "auth" },
  overloaded: { kind: "overloaded" },
  rate: { kind: "rate_limited" },
  unavailable: { kind: "unavailable" },
};

export function natureOfMeaning(meaning: Meaning): Nature {
  return NATURES[meaning];
}
