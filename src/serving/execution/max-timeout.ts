/** Longest that a caller may wait for an answer, in ms. */
export const MAX_TIMEOUT_MS = 60_000;
