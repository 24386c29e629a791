import type { PredictRefusal } from '../predictions/prediction';
import type { UnavailableReason } from '../execution/worker-unavailable';

/** Why a prediction was refused: its question, or what `../execution/worker-unavailable.ts` tells apart. */
export type FailureReason = 'invalid-input' | 'not-found' | 'overloaded' | UnavailableReason;

/** Predictions that were refused, by why; reasons that did not occur are absent. */
export type FailureCounts = Partial<Record<FailureReason, number>>;

export function reasonOf(error: PredictRefusal): FailureReason {
  switch (error.kind) {
    case 'UnavailableError':
      return error.reason;
    case 'OverloadedError':
      return 'overloaded';
    case 'InvalidInputError':
      return 'invalid-input';
    case 'NotFoundError':
      return 'not-found';
  }
}

export function countFailure(counts: FailureCounts, reason: FailureReason, count = 1): void {
  counts[reason] = (counts[reason] ?? 0) + count;
}

/**
 * The four that Triton tells apart: turned away while it waited, left by its caller, failed where it ran, and the rest.
 */
export type TritonReason = 'REJECTED' | 'CANCELED' | 'BACKEND' | 'OTHER';
export const TRITON_REASONS = {
  overloaded: 'REJECTED',
  busy: 'REJECTED',
  deadline: 'REJECTED',
  cancelled: 'CANCELED',
  crashed: 'BACKEND',
  timeout: 'BACKEND',
  remote: 'BACKEND',
  quarantined: 'BACKEND',
  'load-failed': 'BACKEND',
  memory: 'BACKEND',
  unfit: 'BACKEND',
  stopped: 'OTHER',
  'invalid-input': 'OTHER',
  'not-found': 'OTHER',
} as const satisfies Record<FailureReason, TritonReason>;
