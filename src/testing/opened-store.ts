import type { JournalLimits } from "../journal/limits.ts";
import type { JournalStore } from "../journal/store.ts";
import type { ContractCase } from "./contract-case.ts";

/** An empty journal, opened for one case. */
export interface OpenedStore {
  readonly store: JournalStore;
  /**
   * A second handle on the same journal while the first is open, as another process would hold
   * it. Leave it out only when the journal lives in one handle's memory.
   */
  readonly reopen?: () => Promise<JournalStore>;
  /** Closes every handle and removes the journal. */
  readonly close: () => Promise<void>;
}

export interface StoreUnderTest {
  readonly name: string;
  readonly open: (limits?: Partial<JournalLimits>) => Promise<OpenedStore>;
}

export type StoreCase = ContractCase<OpenedStore, Partial<JournalLimits>>;

/** Both handles where there are two, or one handle twice. */
export async function twoHandles(
  opened: OpenedStore,
): Promise<readonly [JournalStore, JournalStore]> {
  return [opened.store, (await opened.reopen?.()) ?? opened.store];
}
