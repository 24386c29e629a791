import { fromBinary, type DescMessage, type Message } from '@bufbuild/protobuf';
import { TooMuch } from '../../kernel/tensors/grpc-fields';

/**
 * Largest message that asks about models, or to load one, in bytes: a name and some parameters. A map in one of a
 * mebibyte takes most of a second to read.
 */
export const MAX_CONTROL_BYTES = 128 * 1024;

/**
 * Reads a message that is no inference. Fields that nobody knows are passed over: generated code would keep an object
 * for each, of which a message of 64 MiB has gigabytes.
 *
 * @throws TooMuch, and any error where the bytes are no such message
 */
export function readControlMessage(schema: DescMessage, bytes: Uint8Array): Message {
  if (bytes.length > MAX_CONTROL_BYTES) {
    const expected = `at most ${MAX_CONTROL_BYTES} bytes: a model is registered, and no file comes with a call`;
    throw new TooMuch({ path: 'message', expected, actual: `${bytes.length} bytes` });
  }
  return fromBinary(schema, bytes, { readUnknownFields: false });
}
