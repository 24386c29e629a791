import { createHash, hash } from 'node:crypto';
import type { Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';

/** Questions up to here are put together and hashed in one call, which for a row takes half the time of several. */
const SCRATCH_BYTES = 16_384;
const NUMBER_BYTES = 8;
/** UTF-8 of one UTF-16 unit, at most. */
const MAX_BYTES_PER_UNIT = 3;

const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/**
 * The same for the same version, wanted outputs and tensors, and for nothing else: SHA-256 over all of them, each part
 * after its length, so that no two questions have the same bytes. 43 characters that are safe in any store's keys.
 */
export function questionKey(
  versionId: string,
  inputs: readonly Tensor[],
  outputs: readonly string[] | undefined,
): string {
  const payloads = inputs.map(({ data }) => tensorBytes(data));
  const headLimit = headLimitOf(versionId, inputs, outputs);
  const payloadBytes = payloads.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const head = new Head(headLimit <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafe(headLimit));
  writeHead(head, versionId, inputs, outputs, payloads);
  if (headLimit + payloadBytes > SCRATCH_BYTES) return hashPieces([head.written(), ...payloads]);
  for (const payload of payloads) head.bytes(payload);
  return hash('sha256', head.written(), 'base64url');
}

function writeHead(
  head: Head,
  versionId: string,
  inputs: readonly Tensor[],
  outputs: readonly string[] | undefined,
  payloads: readonly Uint8Array[],
): void {
  head.text(versionId);
  head.number(outputs?.length ?? -1); // all outputs is another question than any list of names
  for (const name of outputs ?? []) head.text(name);
  head.number(inputs.length);
  inputs.forEach(({ name, datatype, shape }, index) => {
    head.text(name);
    head.text(datatype);
    head.number(shape.length);
    for (const dimension of shape) head.number(dimension);
    head.number(payloads[index]?.byteLength ?? 0);
  });
}

function headLimitOf(
  versionId: string,
  inputs: readonly Tensor[],
  outputs: readonly string[] | undefined,
): number {
  const textLimit = (text: string) => NUMBER_BYTES + MAX_BYTES_PER_UNIT * text.length;
  let limit = textLimit(versionId) + 2 * NUMBER_BYTES;
  for (const name of outputs ?? []) limit += textLimit(name);
  for (const { name, datatype, shape } of inputs)
    limit += textLimit(name) + textLimit(datatype) + (shape.length + 2) * NUMBER_BYTES;
  return limit;
}

function hashPieces(pieces: readonly Uint8Array[]): string {
  const sha256 = createHash('sha256');
  for (const piece of pieces) sha256.update(piece);
  return sha256.digest('base64url');
}

/** Writes one part after the other into memory that is known to be large enough. */
class Head {
  private at = 0;

  constructor(private readonly memory: Buffer) {}

  number(value: number): void {
    this.at = this.memory.writeDoubleLE(value, this.at);
  }

  text(text: string): void {
    const length = this.memory.write(text, this.at + NUMBER_BYTES);
    this.number(length);
    this.at += length;
  }

  bytes(bytes: Uint8Array): void {
    this.memory.set(bytes, this.at);
    this.at += bytes.byteLength;
  }

  written(): Buffer {
    return this.memory.subarray(0, this.at);
  }
}
