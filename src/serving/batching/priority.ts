/** Callers who wait go in this order; one who waits long enough is refused at the deadline, whatever comes before. */
export const PRIORITIES = ['HIGH', 'NORMAL', 'LOW'] as const;

export type Priority = (typeof PRIORITIES)[number];

/** Of who says none. */
export const DEFAULT_PRIORITY: Priority = 'NORMAL';
