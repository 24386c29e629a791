/**
 * Why no worker answered. `deadline`: the caller could wait no longer; `cancelled`: the caller has left; `busy`: too
 * many wait already; `crashed`: the workers it ran on died; `timeout`: the run
 * passed its wall-clock limit and was killed; `quarantined`: the model has killed workers; `load-failed`, `memory`: the
 * model cannot be brought up; `stopped`: the server is leaving; `unfit`: no worker could be started at all; `remote`:
 * the server of somebody else that has the model does not answer, or not as it should.
 */
export const UNAVAILABLE_REASONS = [
  'deadline',
  'cancelled',
  'busy',
  'crashed',
  'timeout',
  'quarantined',
  'load-failed',
  'memory',
  'stopped',
  'unfit',
  'remote',
] as const;
export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number];

export const isUnavailableReason = (text: string): text is UnavailableReason =>
  UNAVAILABLE_REASONS.some((reason) => reason === text);

/** The request was fine and was not answered. Asking again at once may help, except where `retryable` says no. */
export class WorkerUnavailable extends Error {
  override readonly name = 'WorkerUnavailable';

  constructor(
    readonly reason: UnavailableReason,
    message: string,
    /** After which another try makes sense, in ms, as of now; undefined where nobody knows. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }

  get retryable(): boolean {
    return this.reason !== 'quarantined' && this.reason !== 'load-failed';
  }
}

export const tooLate = () =>
  new WorkerUnavailable('deadline', 'The deadline passed before the model answered.');

export const cancelled = () =>
  new WorkerUnavailable('cancelled', 'The caller left before the model answered.');
