import { UsageError } from '../command';
import type { Tensor } from '../asking/tensors';

type Write = (bytes: Buffer, value: unknown, at: number) => void;

/** How a value of each datatype is written, and in how many bytes. */
const WRITERS: Readonly<Record<string, readonly [sizeBytes: number, write: Write]>> = {
  BOOL: [1, (bytes, value, at) => bytes.writeUInt8(value === true ? 1 : 0, at)],
  INT8: [1, (bytes, value, at) => bytes.writeInt8(Number(value), at)],
  UINT8: [1, (bytes, value, at) => bytes.writeUInt8(Number(value), at)],
  INT16: [2, (bytes, value, at) => bytes.writeInt16LE(Number(value), at)],
  UINT16: [2, (bytes, value, at) => bytes.writeUInt16LE(Number(value), at)],
  INT32: [4, (bytes, value, at) => bytes.writeInt32LE(Number(value), at)],
  UINT32: [4, (bytes, value, at) => bytes.writeUInt32LE(Number(value), at)],
  INT64: [8, (bytes, value, at) => bytes.writeBigInt64LE(BigInt(value as number), at)],
  UINT64: [8, (bytes, value, at) => bytes.writeBigUInt64LE(BigInt(value as number), at)],
  FP32: [4, (bytes, value, at) => bytes.writeFloatLE(Number(value), at)],
  FP64: [8, (bytes, value, at) => bytes.writeDoubleLE(Number(value), at)],
};

/**
 * A tensor's values as the binary extension and gRPC send them: little-endian, row-major, texts with their length
 * before them.
 */
export function tensorBytes({ name, datatype, data }: Tensor): Buffer {
  if (datatype === 'BYTES') return Buffer.concat(data.flatMap(textBytes));
  const writer = WRITERS[datatype];
  if (!writer)
    throw new UsageError(
      `--door v2-binary and grpc cannot write “${name}”, which is ${datatype}. Take --door v2.`,
    );
  const [size, write] = writer;
  const bytes = Buffer.alloc(size * data.length);
  try {
    data.forEach((value, index) => write(bytes, value, index * size));
  } catch (error) {
    throw new UsageError(`--rows: “${name}” takes ${datatype}: ${(error as Error).message}`);
  }
  return bytes;
}

function textBytes(value: unknown): readonly Buffer[] {
  const text = Buffer.from(String(value));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return [length, text];
}
