import type { Nature } from "./nature.ts";

/**
 * What a status says by itself. 409 and 425 ask for another try, 499 is a proxy that lost its
 * patience, 520 to 527 and 530 are Cloudflare's failures to reach the provider.
 */
const EXACT: Readonly<Record<number, Nature>> = {
  401: { kind: "auth" },
  402: { kind: "quota_exhausted" },
  403: { kind: "auth" },
  404: { kind: "invalid_request", about: "address" },
  405: { kind: "invalid_request", about: "address" },
  407: { kind: "auth" },
  408: { kind: "unavailable" },
  409: { kind: "unavailable" },
  410: { kind: "invalid_request", about: "model" },
  413: { kind: "invalid_request", about: "size" },
  414: { kind: "invalid_request", about: "size" },
  421: { kind: "invalid_request", about: "address" },
  423: { kind: "unavailable" },
  424: { kind: "unavailable" },
  425: { kind: "unavailable" },
  429: { kind: "rate_limited" },
  431: { kind: "invalid_request", about: "size" },
  499: { kind: "unavailable" },
  501: { kind: "invalid_request", about: "other" },
  503: { kind: "overloaded" },
  505: { kind: "invalid_request", about: "address" },
  529: { kind: "overloaded" },
};

/** undefined for a status that is no refusal. */
export function natureOfStatus(status: number): Nature | undefined {
  const exact = EXACT[status];
  if (exact !== undefined) return exact;
  if (status >= 500 && status < 600) return { kind: "unavailable" };
  if (status >= 400 && status < 500) return { kind: "invalid_request", about: "other" };
  if (status >= 300 && status < 400) return { kind: "invalid_request", about: "address" };
  return undefined;
}
