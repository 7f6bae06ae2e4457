/**
 * What can go wrong when a model is asked: a closed set, named by what is to be done about it.
 * `generation/fault` finds the kind; the journal keeps it.
 */

interface Told {
  /** For a person; never holds a key or a request body. At most 500 characters. */
  readonly message: string;
  /** The HTTP status, where one arrived. */
  readonly status?: number;
  /** A streamed answer had begun: what was made of it is billed, whatever the status says. */
  readonly hasBegun?: boolean;
}

export type ModelFault = Told &
  (
    | {
        /** Too many requests or tokens for now; `retryAfterMs` when the provider said how long. */
        readonly kind: "rate_limited";
        readonly retryAfterMs?: number;
      }
    /** The provider has no room for anybody (503, 529, slow_down). */
    | { readonly kind: "overloaded"; readonly retryAfterMs?: number }
    /** The provider or a gateway failed (500, 502, 504). */
    | { readonly kind: "unavailable"; readonly retryAfterMs?: number }
    /** No answer came over the network. A certificate does not mend itself; the others may. */
    | {
        readonly kind: "unreachable";
        readonly why: "refused" | "dns" | "certificate" | "reset" | "network";
      }
    /** Credit, spend limit or a long-lived quota is used up: asking again never helps. */
    | { readonly kind: "quota_exhausted" }
    /** Prompt and reserved output do not fit, in tokens where the provider named them. */
    | {
        readonly kind: "context_overflow";
        readonly tokens?: number;
        readonly tokensMax?: number;
      }
    /** The request is refused as it stands. `history`: the conversation's form is at fault. */
    | {
        readonly kind: "invalid_request";
        readonly about: "history" | "model" | "address" | "size" | "other";
      }
    | { readonly kind: "auth" }
    /** The provider's filter withheld the answer or refused the prompt. */
    | { readonly kind: "content_filtered" }
    /** The model itself declined. */
    | { readonly kind: "refused" }
    /** The answer was cut off at its output limit. */
    | { readonly kind: "truncated" }
    /** A stream ended before the answer did; `after` says what had arrived. */
    | { readonly kind: "stream_broken"; readonly after: "nothing" | "text" | "arguments" }
    | {
        readonly kind: "timeout";
        readonly phase: "connect" | "first_byte" | "idle" | "total";
      }
    /** What arrived is no answer: HTML, broken JSON, an error in a shape nobody knows. */
    | { readonly kind: "malformed" }
    /** Another model answered than the one that was asked. */
    | { readonly kind: "model_switched"; readonly asked: string; readonly answered: string }
    /** The caller's own wish to stop. */
    | { readonly kind: "aborted" }
    | { readonly kind: "unknown" }
  );

export type ModelFaultKind = ModelFault["kind"];

export const modelFaultKinds: readonly ModelFaultKind[] = [
  "rate_limited",
  "overloaded",
  "unavailable",
  "unreachable",
  "quota_exhausted",
  "context_overflow",
  "invalid_request",
  "auth",
  "content_filtered",
  "refused",
  "truncated",
  "stream_broken",
  "timeout",
  "malformed",
  "model_switched",
  "aborted",
  "unknown",
];
