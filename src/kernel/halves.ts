import { endianness } from 'node:os';

/** What typed arrays are on this machine; what is stored and sent is little-endian on every one. */
export const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Which 32-bit half of a 64-bit integer comes first. */
export const LOW = IS_LITTLE_ENDIAN ? 0 : 1;
export const HIGH = 1 - LOW;
/** What one in the high half is worth. */
export const HALF = 2 ** 32;

/** The 32-bit halves of 64-bit integers, two for each: a bigint for each would be made and thrown away. */
export const halvesOf = ({ buffer, byteOffset, length }: BigInt64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length);
