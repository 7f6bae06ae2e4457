import { systemClock, type Clock } from "../../../src/std/clock.ts";

/** The system's clock, which can be moved on: who waits for two minutes need not be waited for. */
export interface MovingClock extends Clock {
  /** To this time, ms since the epoch; never back. */
  moveTo(ms: number): void;
}

export function movingClock(): MovingClock {
  let aheadMs = 0;
  return {
    now: () => systemClock.now() + aheadMs,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    moveTo: (ms) => {
      aheadMs = Math.max(aheadMs, ms - systemClock.now());
    },
  };
}
