import {
  ServerInterceptingCall,
  status as Code,
  type Metadata,
  type ServerInterceptor,
  type ServerListener,
} from '@grpc/grpc-js';
import type { Logger } from '../../kernel/logger';
import { statusOf, statusOfError, type CallStatus } from './grpc-status';

/** Longest that the message of a call may take to arrive, in ms: as long as a body over HTTP. */
export const MESSAGE_TIMEOUT_MS = 150_000;

const TOO_SLOW = statusOf(
  Code.DEADLINE_EXCEEDED,
  `The message did not arrive within ${MESSAGE_TIMEOUT_MS / 1000} s.`,
);
const CUT_OFF = statusOf(Code.INVALID_ARGUMENT, 'The call ended before its message was complete.');

/**
 * Who calls. A credential is checked when the headers of a call are there, and before a byte of its message is read:
 * strangers cost nothing but that.
 */
export class GrpcCallers<Caller> {
  private readonly admitted = new WeakMap<Metadata, Caller>();

  /** @param authenticate throws UNAUTHENTICATED for strangers */
  constructor(
    private readonly authenticate: (metadata: Metadata) => Caller | Promise<Caller>,
    private readonly logger: Logger,
  ) {}

  readonly interceptor: ServerInterceptor = ({ requestStream }, call) => {
    const intercepting: ServerInterceptingCall = new ServerInterceptingCall(call, {
      start: (next) => next(this.listener(!requestStream, (status) => intercepting.sendStatus(status))),
    });
    return intercepting;
  };

  private listener(isUnary: boolean, refuse: (status: CallStatus) => void): ServerListener {
    let timer: NodeJS.Timeout | undefined;
    let hasMessage = false;
    let isOver = false;
    return {
      onReceiveMetadata: (metadata, proceed) => {
        this.admit(metadata).then(
          () => {
            if (isOver) return;
            if (isUnary) timer = setTimeout(() => refuse(TOO_SLOW), MESSAGE_TIMEOUT_MS);
            proceed(metadata);
          },
          (error: unknown) => refuse(statusOfError(error, this.logger)),
        );
      },
      onReceiveMessage: (message, proceed) => {
        hasMessage = true;
        proceed(message);
      },
      onReceiveHalfClose: (proceed) => {
        clearTimeout(timer);
        if (hasMessage || !isUnary) proceed();
        else refuse(CUT_OFF);
      },
      onCancel: () => {
        isOver = true;
        clearTimeout(timer);
      },
    };
  }

  /** The caller behind a call that the interceptor has let in. */
  actorOf(metadata: Metadata): Caller {
    const actor = this.admitted.get(metadata);
    if (actor === undefined) throw new Error('A call was not admitted.');
    return actor;
  }

  /** As `actorOf`, asking again: a stream must not outlive its key. Throws UNAUTHENTICATED where it has. */
  async stillThere(metadata: Metadata): Promise<Caller> {
    await this.admit(metadata);
    return this.actorOf(metadata);
  }

  private async admit(metadata: Metadata): Promise<void> {
    const known = this.authenticate(metadata);
    this.admitted.set(metadata, known instanceof Promise ? await known : known);
  }
}

/** Names that metadata can have; it throws at others. */
const METADATA_NAME = /^[0-9a-z_.-]+$/;

export function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = METADATA_NAME.test(name) ? metadata.get(name) : [];
  return typeof value === 'string' ? value : undefined;
}
