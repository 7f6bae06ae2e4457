/** Mixtures of faults with a rate, from a good day to a bad one. */
import { wireFaults } from "./faults/catalogue.ts";
import type { FaultGroup } from "./exchange.ts";

export const profileNames = ["calm", "field", "storm"] as const;
export type ProfileName = (typeof profileNames)[number];

/** Faults that share a weight: one that fits the request is drawn, each as likely as the next. */
export interface FaultClass {
  readonly weight: number;
  /** As `parseFaultSpec` reads them, without a time. */
  readonly specs: readonly string[];
}

export interface Profile {
  /** Share of the requests that meet a fault. */
  readonly rate: number;
  readonly classes: readonly FaultClass[];
}

/**
 * What model calls met in the field: Datadog's report on production agents counts 5 % of calls
 * failed and 60 % of those rate limited. How the rest is shared out is an assumption. Every class
 * has a member for streams and one for whole answers, in each dialect, so that the shares hold.
 */
const FIELD: readonly FaultClass[] = [
  { weight: 60, specs: ["rate_limited_short"] },
  { weight: 20, specs: ["unavailable", "server_error", "bad_gateway", "gateway_timeout"] },
  {
    weight: 6,
    specs: ["eof_mid_answer", "eof_after_role", "eof_before_finish", "closed_mid_body"],
  },
  { weight: 5, specs: ["in_band_error", "in_band_server_error", "error_with_200"] },
  { weight: 5, specs: ["cut_json", "broken_event"] },
  { weight: 4, specs: ["reset_before_headers", "reset_mid_body"] },
];

const STORM_WEIGHTS: Readonly<Record<FaultGroup, number>> = {
  http: 35,
  connection: 10,
  stream: 12,
  in_band: 8,
  encoding: 8,
  answer: 12,
  call: 14,
  overflow: 0,
  model: 1,
};

/**
 * What no client can wait out: the right thing is to stop, or to ask for less. A storm of these
 * would only count how soon everybody stopped. They are drawn by naming them.
 */
export const finalFaults: readonly string[] = [
  "quota_per_day",
  "quota_exhausted",
  "spend_limit",
  "too_large_html",
  "unauthorized",
  "forbidden",
  "payment_required",
  "model_not_found",
  "address_not_found",
  "bad_request",
  "signature_refused",
  "content_filter_error",
  "prompt_blocked",
];

/** For ever is too long for a profile: a proxy in between would have cut the connection. */
const BOUNDED: Readonly<Record<string, string>> = {
  rate_limited_long: "rate_limited_long:61000",
  hang_before_headers: "hang_before_headers:15000",
  hang_after_headers: "hang_after_headers:15000",
  stall_mid_body: "stall_mid_body:15000",
  stall_in_text: "stall_in_text:15000",
  stall_in_arguments: "stall_in_arguments:15000",
  stall_before_done: "stall_before_done:15000",
  slow_loris: "slow_loris:10000",
};

function stormClasses(): readonly FaultClass[] {
  const patient = wireFaults.filter(({ name }) => !finalFaults.includes(name));
  return Object.entries(STORM_WEIGHTS)
    .filter(([, weight]) => weight > 0)
    .map(([group, weight]) => {
      const members = patient.filter((fault) => fault.group === group);
      return { weight, specs: members.map(({ name }) => BOUNDED[name] ?? name) };
    });
}

const profiles: Readonly<Record<ProfileName, Profile>> = {
  calm: { rate: 0.01, classes: FIELD },
  field: { rate: 0.05, classes: FIELD },
  storm: { rate: 0.3, classes: stormClasses() },
};

export function findProfile(name: ProfileName): Profile {
  return profiles[name];
}
