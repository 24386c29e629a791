export const RUN_STATUSES = ['SCHEDULED', 'RUNNING', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/**
 * What may follow on what. A failed run may be taken up again; what is finished or killed stays so; none goes back to
 * wait.
 */
const NEXT = {
  SCHEDULED: ['RUNNING', 'FINISHED', 'FAILED', 'KILLED'],
  RUNNING: ['FINISHED', 'FAILED', 'KILLED'],
  FINISHED: [],
  FAILED: ['RUNNING'],
  KILLED: [],
} as const satisfies Record<RunStatus, readonly RunStatus[]>;

/** The statuses that a run may have before it gets `status`. */
export function statusesBefore(status: RunStatus): readonly RunStatus[] {
  return RUN_STATUSES.filter((before) => (NEXT[before] as readonly RunStatus[]).includes(status));
}

export const statusesAfter = (status: RunStatus): readonly RunStatus[] => NEXT[status];

/** A run that has not ended has no end, whether it goes on or waits for its beginning. */
export const hasEnded = (status: RunStatus): boolean => status !== 'RUNNING' && status !== 'SCHEDULED';
