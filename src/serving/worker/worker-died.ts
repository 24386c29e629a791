import type { RunOptions } from '../execution/backend';
import { WorkerUnavailable } from '../execution/worker-unavailable';

/** How a worker process ended without being asked to. */
export interface Death {
  /** `timeout`: we killed it for passing a wall-clock limit. */
  readonly cause: 'timeout' | 'exit';
  readonly code: number | null;
  readonly signal: string | null;
  /** The last words on its standard error. */
  readonly lastWords: string;
  /** Whether another model was being loaded beside the run. */
  readonly besideLoad?: boolean;
}

/** A SIGKILL that is not ours says little about the model that ran: a person, or a machine without memory, sent it. */
export const isFromOutside = ({ cause, signal }: Death): boolean => cause === 'exit' && signal === 'SIGKILL';

/** Whether the run may well have had no part in it. */
export const saysLittle = (death: Death): boolean => isFromOutside(death) || death.besideLoad === true;

/**
 * Of a shared run that has ended its worker by itself each caller has a second try alone: not all of them together.
 * What nobody waits for any more has none.
 */
export function mayTryAgain(death: Death, { shared, suspect, signal }: RunOptions): boolean {
  if (death.cause === 'timeout' || signal?.aborted) return false;
  return saysLittle(death) || (shared !== true && suspect !== true);
}

export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';

  constructor(readonly death: Death) {
    super(
      death.cause === 'timeout'
        ? 'The run passed its time limit, and its worker was killed.'
        : `The worker ended (${death.signal ?? `code ${death.code}`}).`,
    );
  }

  /** The same for a run that went on while another model was loaded. */
  besideLoad(): WorkerDied {
    return new WorkerDied({ ...this.death, besideLoad: true });
  }
}

/** What those are told who wait for a run that was tried so often, and under which a worker died each time. */
export function unanswered({ death, message }: WorkerDied, attempts: number): WorkerUnavailable {
  const reason = death.cause === 'timeout' ? 'timeout' : 'crashed';
  return new WorkerUnavailable(
    reason,
    attempts === 1 ? message : `The run was tried ${attempts} times. ${message}`,
  );
}
