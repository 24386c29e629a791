import type { AccessOptions } from './access';

/** Something a person should know; nothing has been lost by it but what it says. */
export interface ClientWarning {
  readonly code:
    | 'SERVER_AWAY'
    | 'SERVER_BACK'
    | 'SPOOL_FULL'
    | 'SPOOL_ROOM'
    | 'SPOOL_UNWRITABLE'
    | 'SPOOL_DAMAGED'
    | 'SPOOL_UNCERTAIN'
    | 'SETUP_INCOMPLETE';
  readonly message: string;
}

/** What the server, or this client in its place, has refused. It is not sent again. */
export interface ClientRefusal {
  /** The server's code, such as `INVALID_INPUT`, `RUN_NOT_ACTIVE` or `UNAUTHENTICATED`. */
  readonly code: string;
  readonly message: string;
  /** File in which what was refused is kept; null where it was not taken in the first place, or still waits. */
  readonly keptIn: string | null;
}

export interface ClientOptions extends AccessOptions {
  /** Folder for spools, one folder in it for each run; `.modelgraph/spool` below the working folder if absent. */
  readonly spool?: string | undefined;
  /** Most that one run may have on the disk, in bytes; 1 GiB if absent: some ten million points. */
  readonly maxSpoolBytes?: number | undefined;
  /** Longest that one request may take, in ms; 30,000 if absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** If absent, warnings are Node's (`process.emitWarning`). */
  readonly onWarning?: ((warning: ClientWarning) => void) | undefined;
  /** If absent, refusals are Node's warnings too. */
  readonly onError?: ((refusal: ClientRefusal) => void) | undefined;
}

export const DEFAULT_SPOOL = '.modelgraph/spool';
export const DEFAULT_MAX_SPOOL_BYTES = 1024 ** 3;
/** Five thousand points take a healthy server a tenth of a second. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** How callers are told. What they do about it never disturbs a training: if they throw, that is a warning. */
export class Listeners {
  constructor(private readonly options: Pick<ClientOptions, 'onWarning' | 'onError'>) {}

  warn(code: ClientWarning['code'], message: string): void {
    const { onWarning } = this.options;
    tell(() => (onWarning ? onWarning({ code, message }) : emit(code, message)));
  }

  refuse(code: string, message: string, keptIn: string | null): void {
    const { onError } = this.options;
    tell(() => (onError ? onError({ code, message, keptIn }) : emit(code, message)));
  }

  /** The same where the process is ending, and Node shows no warnings any more. */
  refuseAtExit(code: string, message: string): void {
    const { onError } = this.options;
    if (onError) tell(() => onError({ code, message, keptIn: null }));
    else process.stderr.write(`[${code}] ModelgraphWarning: ${message}\n`);
  }
}

const emit = (code: string, message: string): void =>
  process.emitWarning(message, { type: 'ModelgraphWarning', code });

function tell(work: () => void): void {
  try {
    work();
  } catch (error) {
    emit('LISTENER_FAILED', `A listener of the Modelgraph client threw: ${String(error)}`);
  }
}
