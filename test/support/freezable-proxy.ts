import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect } from 'node:net';

/**
 * A way to a TCP server that can be frozen: connections stay open and nothing passes, which is what clients see of a
 * server that was stopped with SIGSTOP. Or cut, which is what they see of one that has ended.
 */
export class FreezableProxy {
  private readonly sockets = new Set<Socket>();
  private isFrozen = false;

  private listensAt = 0;

  private constructor(private readonly server: Server) {}

  static async to(host: string, port: number): Promise<FreezableProxy> {
    const server = createServer();
    const proxy = new FreezableProxy(server);
    server.on('connection', (near) => proxy.join(near, connect({ host, port })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.listensAt = (server.address() as AddressInfo).port;
    return proxy;
  }

  get port(): number {
    return this.listensAt;
  }

  freeze(): void {
    this.isFrozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Connections that clients have opened and not closed. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** In the same place again, after a cut. */
  async mend(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.listensAt, '127.0.0.1', resolve));
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (data) => to.write(data));
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => to.destroy());
      if (this.isFrozen) from.pause();
    }
  }
}
