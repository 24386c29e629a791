/** Longest wait that timers can be told, in ms: beyond, they would end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A wait as timers take it: whole, and without end where it is as good as that. */
export const timerMs = (ms: number): number => Math.min(MAX_TIMER_MS, Math.ceil(ms));
