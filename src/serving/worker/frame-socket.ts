import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { FrameMemory } from './frame-memory';
import { encodeFrame, FrameReader, type Message } from './framing';
import type { Body } from './protocol';

/** As much as a pipe's other side has written at once, as a rule. */
const READ_BYTES = 64 * 1024;

type OnMessage = (message: Message) => void;
/** Called once, when the other side is gone or has lost step. */
type OnClosed = (reason: Error | undefined) => void;

/** One end of the pipe between the server and a worker. */
export class FrameSocket {
  private constructor(
    private readonly socket: Socket,
    onClosed: OnClosed,
  ) {
    let failure: Error | undefined;
    // Without a listener a broken pipe would end the process; 'close' follows and tells.
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => onClosed(failure));
    socket.on('end', () => socket.destroy());
  }

  static over(socket: Socket, onMessage: OnMessage, onClosed: OnClosed): FrameSocket {
    const reader = new FrameReader(onMessage);
    socket.on('data', (chunk: Buffer) => orDestroy(socket, () => reader.push(chunk)));
    return new FrameSocket(socket, onClosed);
  }

  /**
   * The same for a pipe that this process was started with; most bytes of a large frame are read to where they stay.
   */
  static at(fd: number, onMessage: OnMessage, onClosed: OnClosed, memory: FrameMemory): FrameSocket {
    const reader = new FrameReader(onMessage, memory);
    const unsorted = Buffer.allocUnsafeSlow(READ_BYTES);
    const read = (count: number, buffer: Uint8Array): boolean => {
      if (buffer === unsorted) orDestroy(socket, () => reader.push(unsorted.subarray(0, count)));
      else orDestroy(socket, () => reader.arrived(count));
      return true;
    };
    const onread: OnReadOpts = { buffer: () => reader.room() ?? unsorted, callback: read };
    const options: SocketConstructorOpts & { readonly onread: OnReadOpts } = { fd, onread };
    const socket = new Socket(options);
    return new FrameSocket(socket, onClosed);
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

function orDestroy(socket: Socket, read: () => void): void {
  try {
    read();
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
