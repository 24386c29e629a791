/** After so long, in ms, what is waited for will not come: less than a test has, so that it says so itself. */
const LIMIT_MS = 100_000;
/** Pause between two looks, in ms: what is waited for may need the processor. */
const PAUSE_MS = 2;

// As they are before a test stops the clock.
const { setTimeout: later } = globalThis;
const nowMs = performance.now.bind(performance);

/** Waits for what tells nobody of itself. A wait that never ended would keep the process after its test has failed. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = nowMs() + LIMIT_MS;
  while (!(await isSo())) {
    if (nowMs() > endsAt) throw new Error(`It has not come: ${String(isSo)}`);
    await new Promise((resolve) => later(resolve, PAUSE_MS));
  }
}
