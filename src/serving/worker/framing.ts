import type { Tensor } from '../../kernel/tensors/tensor';
import { FrameMemory } from './frame-memory';
import type { Body, FrameHeader, TensorHeader } from './protocol';
import { bytesOf, valuesOf } from './tensor-bytes';

/**
 * A frame is `[u32 bytes of the frame][u32 bytes of the header][header: JSON][tensor bytes…]`, little-endian,
 * where every tensor starts on a multiple of 16, so that values can be read in place.
 */
const PREFIX_BYTES = 8;

/**
 * In bytes. 8 would do for typed arrays, but the runtime sums in an order that depends on where the values lie
 * in a 16-byte register: with 8, the last bit of an answer could change with the length of a name.
 */
const ALIGNMENT = 16;

/** Largest frame, in bytes. Beyond it the two sides have lost step, or a model answers out of all proportion. */
export const MAX_FRAME_BYTES = 1 << 30;

/**
 * Frames up to this many bytes are put together in memory, since each piece that is written apart has its price
 * (measured: a row of 30 numbers takes the sender 6 µs instead of 7). From some 10 kB on, copying costs what it saves.
 */
const SMALL_FRAME_BYTES = 4 * 1024;

/** The sender's values are too many to pass at once; nothing was sent. */
export class FrameTooLarge extends Error {}

const PADDING = Buffer.alloc(ALIGNMENT);
const padding = (length: number): number => (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
const payloadStart = (headerBytes: number): number =>
  PREFIX_BYTES + headerBytes + padding(PREFIX_BYTES + headerBytes);

/** A message and its tensors. The tensors of a received message are views into its own frame. */
export interface Message<B extends Body = Body> {
  readonly id: number;
  readonly body: B;
  readonly tensors: readonly Tensor[];
  /** The frame that they are views into; absent where the message never travelled. */
  readonly frame?: Buffer;
}

/**
 * The pieces to write, in order; a small frame is one. Numbers of a large one are not copied: the tensors must stay as
 * they are until the reply.
 *
 * @throws FrameTooLarge over MAX_FRAME_BYTES
 */
export function encodeFrame(id: number, body: Body, tensors: readonly Tensor[]): Uint8Array[] {
  const payload = tensors.map(bytesOf);
  const headers = tensors.map((tensor, index): TensorHeader => [
    tensor.name,
    tensor.datatype,
    tensor.shape,
    payload[index]?.byteLength ?? 0,
  ]);
  const json = JSON.stringify({ id, body, tensors: headers } satisfies FrameHeader);
  const headerBytes = Buffer.byteLength(json);
  const start = payloadStart(headerBytes);
  let size = start;
  for (const bytes of payload) size += bytes.byteLength + padding(bytes.byteLength);
  if (size > MAX_FRAME_BYTES)
    throw new FrameTooLarge(`The values take ${size} bytes; at most ${MAX_FRAME_BYTES} can pass.`);

  const isSmall = size <= SMALL_FRAME_BYTES;
  const head = Buffer.allocUnsafe(isSmall ? size : start);
  head.writeUInt32LE(size, 0);
  head.writeUInt32LE(headerBytes, 4);
  head.write(json, PREFIX_BYTES);
  head.fill(0, PREFIX_BYTES + headerBytes);
  return isSmall ? [filled(head, payload, start)] : [head, ...inPieces(payload)];
}

function filled(frame: Buffer, payload: readonly Uint8Array[], start: number): Buffer {
  let at = start;
  for (const bytes of payload) {
    frame.set(bytes, at);
    at += bytes.byteLength + padding(bytes.byteLength);
  }
  return frame;
}

function inPieces(payload: readonly Uint8Array[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const bytes of payload) {
    if (bytes.byteLength > 0) pieces.push(bytes);
    const missing = padding(bytes.byteLength);
    if (missing > 0) pieces.push(PADDING.subarray(0, missing));
  }
  return pieces;
}

/** @param frame a whole frame whose first byte lies on a multiple of 16, as what allocUnsafeSlow gives */
export function decodeFrame(frame: Buffer): Message {
  const headerBytes = frame.readUInt32LE(4);
  const header = JSON.parse(frame.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headerBytes)) as FrameHeader;
  let at = payloadStart(headerBytes);
  const tensors = header.tensors.map(([name, datatype, shape, byteLength]): Tensor => {
    const bytes = frame.subarray(at, at + byteLength);
    at += byteLength + padding(byteLength);
    return { name, datatype, shape, data: valuesOf(datatype, shape, bytes) };
  });
  return { id: header.id, body: header.body, tensors, frame };
}

/** Bytes that a frame still lacks from which on they are read into their place, rather than copied there. */
const DIRECT_BYTES = 64 * 1024;

/** Puts frames together from bytes as they arrive, into memory that each frame owns. */
export class FrameReader {
  private readonly prefix = Buffer.allocUnsafeSlow(PREFIX_BYTES);
  private frame: Buffer = this.prefix;
  private filled = 0;

  /** @param memory where frames lie; shared with those who give back the frames that they are done with */
  constructor(
    private readonly onMessage: (message: Message) => void,
    private readonly memory: FrameMemory = new FrameMemory(),
  ) {}

  /**
   * Copies the bytes to where they belong.
   *
   * @throws RangeError where the bytes cannot be a frame; the stream is of no use afterwards
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.byteLength) {
      const end = Math.min(chunk.byteLength, at + this.frame.byteLength - this.filled);
      this.frame.set(chunk.subarray(at, end), this.filled);
      at += this.advance(end - at);
    }
  }

  /** Where the next bytes can be put as they come, for `arrived`; undefined where `push` is to sort them. */
  room(): Buffer | undefined {
    const missing = this.frame.byteLength - this.filled;
    return missing >= DIRECT_BYTES ? this.frame.subarray(this.filled) : undefined;
  }

  /** So many bytes are in `room()` now. */
  arrived(count: number): void {
    this.advance(count);
  }

  private advance(count: number): number {
    this.filled += count;
    if (this.filled === this.frame.byteLength) this.complete();
    return count;
  }

  private complete(): void {
    if (this.frame === this.prefix) {
      const size = this.prefix.readUInt32LE(0);
      if (size > MAX_FRAME_BYTES || size <= PREFIX_BYTES || size % ALIGNMENT !== 0)
        throw new RangeError(`a frame of ${size} bytes cannot be`);
      this.frame = this.memory.take(size);
      this.frame.set(this.prefix);
      return;
    }
    const frame = this.frame;
    this.frame = this.prefix;
    this.filled = 0;
    this.onMessage(decodeFrame(frame));
  }
}
