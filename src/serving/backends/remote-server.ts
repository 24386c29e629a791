import type { Lane } from './backend';
import { OpenInferenceGrpc } from './open-inference-grpc';
import { OpenInferenceHttp } from './open-inference-http';
import type { RemoteDocument } from './remote-document';
import type { RemoteInference } from './remote-inference';
import { TfServing } from './tf-serving';

/** One remote server with one credential: its connections, and how many calls are on their way to it. */
export class RemoteServer implements Lane {
  readonly canStop = true;
  private inFlight = 0;
  private current: RemoteInference;

  /** @param freed told when a call has ended */
  constructor(
    private readonly document: RemoteDocument,
    private readonly token: string | null,
    private readonly freed: () => void,
  ) {
    this.current = connect(document, token);
  }

  get client(): RemoteInference {
    return this.current;
  }

  get callsInFlight(): number {
    return this.inFlight;
  }

  idleCount(): number {
    return Math.max(0, this.document.maxInFlight - this.inFlight);
  }

  /** Counts a call from its beginning to its end. */
  async during<Result>(call: () => Promise<Result>): Promise<Result> {
    this.inFlight += 1;
    try {
      return await call();
    } finally {
      this.inFlight -= 1;
      this.freed();
    }
  }

  /** New connections: one that says nothing any more may be dead without a word. Calls on the old ones fail. */
  reconnect(): void {
    this.current.close();
    this.current = connect(this.document, this.token);
  }

  close(): void {
    this.current.close();
  }
}

/** What documents must share to share connections. */
export const serverKey = (document: RemoteDocument): string => {
  const { backend, url, credential, maxInFlight } = document;
  const dialect = document.backend === 'tf-serving' ? [document.label, document.signature] : [];
  return JSON.stringify([backend, url.href, credential, maxInFlight, ...dialect]);
};

function connect(document: RemoteDocument, token: string | null): RemoteInference {
  if (document.backend === 'tf-serving') return new TfServing(document.url, token, document);
  return document.url.protocol.startsWith('http')
    ? new OpenInferenceHttp(document.url, token)
    : new OpenInferenceGrpc(document.url, { token });
}
