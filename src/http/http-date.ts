let text = '';
let madeAtMs = -Infinity;

/** The time as HTTP writes it, which knows whole seconds only. */
export function httpDate(nowMs: number = Date.now()): string {
  const secondMs = nowMs - (nowMs % 1_000);
  if (secondMs !== madeAtMs) {
    madeAtMs = secondMs;
    text = new Date(secondMs).toUTCString();
  }
  return text;
}
