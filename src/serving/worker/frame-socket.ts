import type { Socket } from 'node:net';
import type { Tensor } from '../../kernel/tensor';
import { encodeFrame, FrameReader, type Message } from './framing';
import type { Body } from './protocol';

/** One end of the pipe between the server and a worker. */
export class FrameSocket {
  /** @param onClosed called once, when the other side is gone or has lost step */
  constructor(
    private readonly socket: Socket,
    onMessage: (message: Message) => void,
    onClosed: (reason: Error | undefined) => void,
  ) {
    const reader = new FrameReader(onMessage);
    let failure: Error | undefined;
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    // Without a listener a broken pipe would end the process; 'close' follows and tells.
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => onClosed(failure));
    socket.on('end', () => socket.destroy());
  }

  /** @param onFlushed called when the bytes are with the operating system */
  send(id: number, body: Body, tensors: readonly Tensor[] = [], onFlushed?: () => void): void {
    const pieces = encodeFrame(id, body, tensors);
    this.socket.cork();
    pieces.forEach((piece, index) => {
      const last = index === pieces.length - 1;
      this.socket.write(piece, last && onFlushed ? () => onFlushed() : undefined);
    });
    this.socket.uncork();
  }

  close(): void {
    this.socket.destroy();
  }
}
