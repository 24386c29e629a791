import { createHash } from 'node:crypto';
import type { Datatype, Tensor, TensorData } from '../../kernel/tensors/tensor';
import { bytesOf, valuesOf } from '../worker/tensor-bytes';
import { ownCopy } from './cache-memory';

/**
 * Tensors as they are kept outside of this process: `[magic][u32 bytes of the head][head: JSON][tensor bytes…][check]`,
 * each tensor on a multiple of 16. Whoever changes the form changes the magic: what an older release has kept is
 * unreadable then, and so a miss.
 */
const MAGIC = 'MGT1';
const PREFIX_BYTES = MAGIC.length + 4;
const ALIGNMENT = 16;
/** Of SHA-256, in bytes: against damage and mix-ups, not against whoever may write to the store. */
const CHECK_BYTES = 16;

type TensorHead = readonly [name: string, datatype: Datatype, shape: readonly number[], bytes: number];
interface Head {
  readonly about: unknown;
  readonly tensors: readonly TensorHead[];
}

export interface Decoded {
  /** What the writer said besides the tensors. */
  readonly about: unknown;
  readonly tensors: readonly Tensor[];
}

const aligned = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** @param key the name under which the bytes are kept: under another one they cannot be read */
export function encodeTensors(key: string, about: unknown, tensors: readonly Tensor[]): Buffer {
  const payloads = tensors.map(bytesOf);
  const heads = tensors.map(({ name, datatype, shape }, index): TensorHead => [
    name,
    datatype,
    shape,
    payloads[index]?.byteLength ?? 0,
  ]);
  const json = JSON.stringify({ about, tensors: heads } satisfies Head);
  const headBytes = Buffer.byteLength(json);
  let at = aligned(PREFIX_BYTES + headBytes);
  const end = payloads.reduce((sum, { byteLength }) => sum + aligned(byteLength), at);
  const bytes = Buffer.alloc(end + CHECK_BYTES);
  bytes.write(MAGIC, 0);
  bytes.writeUInt32LE(headBytes, MAGIC.length);
  bytes.write(json, PREFIX_BYTES);
  for (const payload of payloads) {
    bytes.set(payload, at);
    at += aligned(payload.byteLength);
  }
  bytes.set(checkOf(key, bytes.subarray(0, end)), end);
  return bytes;
}

/** Null where the bytes are anything else than what `encodeTensors` gave for this key. */
export function decodeTensors(key: string, bytes: Buffer): Decoded | null {
  const end = bytes.byteLength - CHECK_BYTES;
  if (end < PREFIX_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  if (!checkOf(key, bytes.subarray(0, end)).equals(bytes.subarray(end))) return null;
  try {
    const headBytes = bytes.readUInt32LE(MAGIC.length);
    const { about, tensors } = JSON.parse(
      bytes.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headBytes),
    ) as Head;
    let at = aligned(PREFIX_BYTES + headBytes);
    const decoded = tensors.map(([name, datatype, shape, byteLength]): Tensor => {
      const part = bytes.subarray(at, at + byteLength);
      at += aligned(byteLength);
      return { name, datatype, shape, data: ownValues(datatype, shape, part) };
    });
    return { about, tensors: decoded };
  } catch {
    return null; // written by somebody else who knows the form
  }
}

/** Free of the rest, and of the bytes behind texts. */
const ownValues = (datatype: Datatype, shape: readonly number[], bytes: Uint8Array): TensorData =>
  datatype === 'BYTES'
    ? ownCopy(valuesOf(datatype, shape, bytes))
    : valuesOf(datatype, shape, new Uint8Array(bytes)); // aligned

const checkOf = (key: string, bytes: Buffer): Buffer =>
  createHash('sha256').update(key).update(bytes).digest().subarray(0, CHECK_BYTES);
