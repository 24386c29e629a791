const REAL = [
  'Date',
  'clearImmediate',
  'clearTimeout',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setTimeout',
] as const;

/**
 * Of all timers only intervals stand still, until `jest.advanceTimersByTime` moves them: what a server looks at every
 * now and then it looks at when the test says so, and what is heard meanwhile somebody was woken for.
 */
export const stopIntervals = () => jest.useFakeTimers({ doNotFake: [...REAL] });
