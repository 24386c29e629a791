import { WorkerUnavailable } from '../execution/worker-unavailable';
import type { RemoteDocument } from '../execution/remote-document';
import type { RemotePolicy } from './remote-policy';
import { RemoteServer, serverKey, type RemoteServerStatus } from './remote-server';

/** Servers whose connections are kept open: each takes memory and files of the system. */
const MAX_CONNECTED = 256;

/**
 * The servers that models are at. Each stays the same object, since questions wait for it; its connections are closed
 * where others need their place and it is the one asked longest ago.
 */
export class RemoteServers {
  private readonly byKey = new Map<string, RemoteServer>();
  private readonly connected = new Set<RemoteServer>();

  /** @param freed told when one of them has room for another question */
  constructor(
    private readonly policy: RemotePolicy,
    private readonly freed: () => void,
    private readonly maxConnected = MAX_CONNECTED,
  ) {}

  /** @throws WorkerUnavailable where the operator does not allow it */
  of(document: RemoteDocument): RemoteServer {
    const key = serverKey(document);
    const known = this.byKey.get(key);
    if (known) return known;
    const admitted = this.policy.admit(document);
    if ('refusal' in admitted) throw new WorkerUnavailable('load-failed', admitted.refusal);
    const server = new RemoteServer(key, document, admitted.token, {
      freed: this.freed,
      connecting: (one) => this.makeRoomFor(one),
    });
    this.byKey.set(key, server);
    return server;
  }

  status(): readonly RemoteServerStatus[] {
    return [...this.byKey.values()].map((server) => server.status());
  }

  /** No model is there any more; who comes back to it finds another object. */
  forget(server: RemoteServer): void {
    this.byKey.delete(server.key);
    this.connected.delete(server);
    server.close();
  }

  /** Calls in flight fail. */
  close(): void {
    for (const server of this.byKey.values()) server.close();
    this.connected.clear();
  }

  /** One that somebody waits for keeps its connections, and then there are more for a while. */
  private makeRoomFor(server: RemoteServer): void {
    this.connected.add(server);
    const surplus = this.connected.size - this.maxConnected;
    if (surplus <= 0) return;
    const quiet = [...this.connected].filter(({ isQuiet }) => isQuiet);
    for (const one of quiet.sort((a, b) => a.lastAskedAt - b.lastAskedAt).slice(0, surplus)) {
      one.close();
      this.connected.delete(one);
    }
  }
}
