import { ARRAY_OF, type Datatype } from '../../kernel/tensors/tensor';

/** Memory that small arrays share, in bytes. */
const BLOCK_BYTES = 64 * 1024;
/** Largest array that comes out of a block, in bytes: one that lives for long keeps a whole block alive. */
const MAX_SHARED_BYTES = 4 * 1024;
/** In bytes: the widest element. */
const ALIGNMENT = 8;

let block = new ArrayBuffer(BLOCK_BYTES);
let used = 0;

/**
 * A typed array of `count` zeros. Memory of its own costs a small one ten times what its values do, and the garbage
 * collector as much again; a row of a table is a small one.
 */
export function numbers(datatype: Exclude<Datatype, 'BYTES'>, count: number) {
  const ArrayClass = ARRAY_OF[datatype];
  const bytes = count * ArrayClass.BYTES_PER_ELEMENT;
  if (bytes > MAX_SHARED_BYTES) return new ArrayClass(count);
  if (used + bytes > BLOCK_BYTES) {
    block = new ArrayBuffer(BLOCK_BYTES);
    used = 0;
  }
  const array = new ArrayClass(block, used, count);
  used += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  return array;
}
