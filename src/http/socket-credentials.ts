import type { WebSocket } from 'ws';
import type { Auth } from '../auth/auth';
import type { Actor } from '../kernel/actor';
import { Failure, type FailureCode } from '../kernel/errors';
import type { Logger } from '../kernel/logger';

/** Pause between two looks at open sockets, in ms: a subscription outlives its key by no more than a call does. */
export const RECHECK_INTERVAL_MS = 5_000;
/** 1013 asks the client to come again: only a wrong credential is final. */
const CLOSE_OF: Readonly<Record<FailureCode, readonly [number, string]>> = {
  UNAUTHENTICATED: [4401, 'Unauthorized'],
  FORBIDDEN: [4403, 'Forbidden'],
  BAD_USER_INPUT: [4400, 'Bad request'],
  UNAVAILABLE: [1013, 'Try again later'],
};

/** What a client sends once, when its socket opens. */
export interface SocketCredential {
  readonly authorization: string | undefined;
  readonly project: string | undefined;
}

/**
 * Who is behind a socket, at each of its operations and in between: a subscription that only listens would never be
 * asked again, and so outlive its key.
 */
export class SocketCredentials {
  private readonly admitted = new WeakMap<WebSocket, SocketCredential>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  /** @param sockets those that are open now */
  constructor(
    private readonly auth: Auth,
    private readonly logger: Logger,
    private readonly sockets: ReadonlySet<WebSocket>,
  ) {}

  /** Idempotent. */
  start(): void {
    this.timer ??= setInterval(() => {
      this.looking ??= this.lookAgain().finally(() => (this.looking = undefined));
    }, RECHECK_INTERVAL_MS);
  }

  /** Idempotent; resolves when no look is under way. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.looking;
  }

  /** Null where the credential does not hold: the socket is closed then, and the code says why. */
  async admit(socket: WebSocket, credential: SocketCredential): Promise<Actor | null> {
    try {
      const actor = await this.auth.authenticate(credential.authorization, credential.project);
      this.admitted.set(socket, credential);
      return actor;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      socket.close(...CLOSE_OF[error.code]);
      return null;
    }
  }

  /** One read for each credential, one after another: many sockets must not crowd out the calls. */
  private async lookAgain(): Promise<void> {
    try {
      for (const { credential, sockets } of this.open()) {
        if (this.timer === undefined) return;
        const failure = await this.failureOf(credential);
        if (failure) for (const socket of sockets) socket.close(...CLOSE_OF[failure.code]);
      }
    } catch (error) {
      this.logger.error({ err: error }, 'the credentials of open sockets could not be looked at');
    }
  }

  private open(): Iterable<{ readonly credential: SocketCredential; readonly sockets: WebSocket[] }> {
    const groups = new Map<string, { credential: SocketCredential; sockets: WebSocket[] }>();
    for (const socket of this.sockets) {
      const credential = this.admitted.get(socket);
      if (!credential) continue; // it has not said who it is yet
      const name = JSON.stringify([credential.authorization, credential.project]);
      const group = groups.get(name) ?? { credential, sockets: [] };
      group.sockets.push(socket);
      groups.set(name, group);
    }
    return groups.values();
  }

  private async failureOf({ authorization, project }: SocketCredential): Promise<Failure | null> {
    try {
      await this.auth.authenticateAgain(authorization, project);
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error.code === 'UNAVAILABLE' ? null : error; // while nobody can be asked, who is in may stay
    }
  }
}
