/** How a worker process ended without being asked to. */
export interface Death {
  /** `timeout`: we killed it for passing a wall-clock limit. */
  readonly cause: 'timeout' | 'exit';
  readonly code: number | null;
  readonly signal: string | null;
  /** The last words on its standard error. */
  readonly lastWords: string;
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
}
