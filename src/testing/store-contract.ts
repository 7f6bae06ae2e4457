/**
 * The laws S1 to S6 of `journal/store.ts`, U1 to U9 of `journal/ledger.ts`, V1 and V2 of
 * `journal/approval.ts`, O1 to O3 of `journal/circuit.ts`, checked on anyone's store. Each title
 * begins with the law it defends.
 */
import { registerCases, type Register } from "./contract-case.ts";
import type { StoreUnderTest } from "./opened-store.ts";
import { APPEND_CASES } from "./store-append.ts";
import { APPROVAL_CASES } from "./store-approvals.ts";
import { CIRCUIT_CASES } from "./store-circuits.ts";
import { CONTENT_CASES } from "./store-content.ts";
import { INBOX_CASES } from "./store-inbox.ts";
import { LEASE_CASES } from "./store-lease.ts";
import { LEDGER_CASES } from "./store-ledger.ts";
import { LEDGER_RANDOM_CASES } from "./store-ledger-random.ts";
import { LEDGER_REFUSAL_CASES } from "./store-ledger-refusal.ts";
import { LEDGER_TIME_CASES } from "./store-ledger-time.ts";
import { LIMIT_CASES } from "./store-limit.ts";
import { LIST_CASES } from "./store-list.ts";
import { RANDOM_CASES } from "./store-random.ts";

/** Registers the whole suite: `storeContract({ name: "mine", open }, test)`. */
export function storeContract(subject: StoreUnderTest, register: Register): void {
  const cases = [
    ...APPEND_CASES,
    ...LEASE_CASES,
    ...INBOX_CASES,
    ...LIST_CASES,
    ...LIMIT_CASES,
    ...CONTENT_CASES,
    ...LEDGER_CASES,
    ...LEDGER_REFUSAL_CASES,
    ...LEDGER_TIME_CASES,
    ...APPROVAL_CASES,
    ...CIRCUIT_CASES,
    ...RANDOM_CASES,
    ...LEDGER_RANDOM_CASES,
  ];
  registerCases(subject, cases, register);
}
