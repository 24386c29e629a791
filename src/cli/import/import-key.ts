import { createHash } from 'node:crypto';

/** Ids that can stand in a filter as they are. */
const PLAIN = /^[A-Za-z0-9_.-]{1,100}$/;

/** What a thing of another program's is known by here, on every start: its own id, or a digest of a strange one. */
export const importKey = (program: string, id: string): string =>
  `${program}:${PLAIN.test(id) ? id : digestOf(id)}`;

/** 32 hexadecimal digits of some texts in their order. */
export const digestOf = (...texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
