/** Every exit code of the command line, in one place. They are stable: scripts branch on them. */
import type { OutcomeKind } from "../journal/outcome.ts";

export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  /** The run waits for a person or a time; nothing is lost and nothing runs. */
  parked: 7,
} as const;

export const outcomeCodes: { readonly [kind in OutcomeKind]: number } = {
  succeeded: 0,
  failed_recoverable: 3,
  failed: 4,
  cancelled: 5,
  expired: 6,
};

export const exitCodeHelp: string = `
Exit codes:
  0    done; for run and resume: the run succeeded, or was left to be resumed after a signal
  1    an error, told on stderr
  2    the command line was not understood
  3    the run ended failed_recoverable
  4    the run ended failed
  5    the run was cancelled
  6    the run expired
  7    the run is parked and waits for someone
  130  stopped at once by a second signal`;
