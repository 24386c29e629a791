import type { Lane } from '../execution/backend';
import { OpenInferenceGrpc } from './open-inference-grpc';
import { OpenInferenceHttp } from './open-inference-http';
import { RemoteConnections } from './remote-connections';
import type { RemoteDocument } from '../execution/remote-document';
import { RemoteFailure, type RemoteFault } from './remote-failure';
import type { RemoteInference } from './remote-inference';
import { TfServing } from './tf-serving';

/** How a remote server does, since this process began. */
export interface RemoteServerStatus {
  readonly backend: RemoteDocument['backend'];
  /** Without path or secrets. */
  readonly origin: string;
  /** Questions that it was asked, and why those failed that did; reasons that did not occur are absent. */
  readonly requests: number;
  readonly failures: Readonly<Partial<Record<RemoteFault, number>>>;
  /** Calls on their way to it, and the most that there may be. */
  readonly inFlight: number;
  readonly maxInFlight: number;
}

export interface RemoteServerEvents {
  /** A question has had its answer: there is room for another. */
  freed(): void;
  /** Its connections are about to be opened. */
  connecting(server: RemoteServer): void;
}

/** One remote server with one credential: its connections, and how many calls are on their way to it. */
export class RemoteServer implements Lane {
  readonly canStop = true;
  /** When it was last asked something, on performance.now()'s clock. */
  lastAskedAt = 0;
  private inFlight = 0;
  private asking = 0;
  private connections: RemoteConnections | undefined;
  /** Connections that were replaced, and still carry calls. */
  private readonly retired = new Set<RemoteConnections>();
  private requests = 0;
  private readonly failures: Partial<Record<RemoteFault, number>> = {};

  constructor(
    readonly key: string,
    private readonly document: RemoteDocument,
    private readonly token: string | null,
    private readonly events: RemoteServerEvents,
  ) {}

  /** Nobody waits for anything that it was asked. */
  get isQuiet(): boolean {
    return this.asking === 0;
  }

  status(): RemoteServerStatus {
    const { backend, url, maxInFlight } = this.document;
    const { requests, failures, inFlight } = this;
    return { backend, origin: `${url.protocol}//${url.host}`, requests, failures, inFlight, maxInFlight };
  }

  /** What became of a question. @param error null: it was answered */
  count(error: unknown): void {
    this.requests += 1;
    if (error === null) return;
    const fault = error instanceof RemoteFailure ? error.fault : 'failed';
    this.failures[fault] = (this.failures[fault] ?? 0) + 1;
  }

  idleCount(): number {
    return Math.max(0, this.document.maxInFlight - this.inFlight);
  }

  /** Asks it over its connections, which are opened where they are not. */
  async ask<Result>(call: (client: RemoteInference) => Promise<Result>): Promise<Result> {
    this.lastAskedAt = performance.now();
    this.asking += 1;
    try {
      return await (this.connections ?? this.connect()).ask(call);
    } finally {
      this.asking -= 1;
    }
  }

  /** Counts a question from its beginning to its end. */
  async during<Result>(call: () => Promise<Result>): Promise<Result> {
    this.inFlight += 1;
    try {
      return await call();
    } finally {
      this.inFlight -= 1;
      this.events.freed();
    }
  }

  /**
   * Who asks from now on does so over new connections: one that says nothing any more may be dead without a word. It
   * may as well be one model that says nothing, so calls that others have in flight go on over the old ones.
   */
  renew(): void {
    const { connections } = this;
    if (connections === undefined) return;
    this.connections = undefined;
    this.retired.add(connections);
    connections.retire(() => this.retired.delete(connections));
  }

  /** Closes all its connections. Calls on them fail. */
  close(): void {
    for (const connections of this.retired) connections.close();
    this.retired.clear();
    this.connections?.close();
    this.connections = undefined;
  }

  private connect(): RemoteConnections {
    this.events.connecting(this);
    return (this.connections = new RemoteConnections(clientOf(this.document, this.token)));
  }
}

/** What documents must share to share connections. */
export const serverKey = (document: RemoteDocument): string => {
  const { backend, url, credential, maxInFlight } = document;
  const dialect = document.backend === 'tf-serving' ? [document.label, document.signature] : [];
  return JSON.stringify([backend, url.href, credential, maxInFlight, ...dialect]);
};

function clientOf(document: RemoteDocument, token: string | null): RemoteInference {
  if (document.backend === 'tf-serving') return new TfServing(document.url, token, document);
  return document.url.protocol.startsWith('http')
    ? new OpenInferenceHttp(document.url, token)
    : new OpenInferenceGrpc(document.url, { token });
}
