/** What every contract suite is made of. */

/** Fits `test` of vitest and of `node:test`, `it` of mocha and jest. */
export type Register = (title: string, body: () => Promise<void>) => unknown;

/** One law in one sentence, and the steps that would break it. */
export interface ContractCase<Opened, Options> {
  readonly title: string;
  readonly options?: Options;
  readonly run: (opened: Opened) => Promise<void>;
}

/** Registers each case under the subject's name, and closes what it opened in every case. */
export function registerCases<Opened extends { readonly close: () => Promise<void> }, Options>(
  subject: { readonly name: string; readonly open: (options?: Options) => Promise<Opened> },
  cases: readonly ContractCase<Opened, Options>[],
  register: Register,
): void {
  for (const { title, options, run } of cases) {
    register(`${subject.name}: ${title}`, async () => {
      const opened = await subject.open(options);
      try {
        await run(opened);
      } finally {
        await opened.close();
      }
    });
  }
}
