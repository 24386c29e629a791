import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

export { BinaryReader, WireType };

/** Reads one field's value from where the reader stands; false: it is none of those wanted, and is passed over. */
type Visit = (field: number, reader: BinaryReader, wireType: WireType) => boolean;

/**
 * Calls for each field of a message. Fields that are not wanted cost a few bytes' reading; those of releases to come
 * are passed over. Throws where the bytes are no message.
 */
export function readMessage(bytes: Uint8Array, visit: Visit): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!visit(field, reader, wireType)) reader.skip(wireType, field);
  }
}

/** Values of a repeated field of numbers, packed or one by one. */
export function readNumbers<Value>(
  reader: BinaryReader,
  wireType: WireType,
  read: (reader: BinaryReader) => Value,
  into: Value[],
  max: number,
): void {
  if (wireType !== WireType.LengthDelimited) {
    const value = read(reader);
    if (into.length < max) into.push(value);
    return;
  }
  const packed = new BinaryReader(reader.bytes());
  while (packed.pos < packed.len && into.length < max) into.push(read(packed));
}
