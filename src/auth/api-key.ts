import { hash, randomBytes } from 'node:crypto';

/** 256 random bits behind a prefix that secret scanners can find. */
export function newApiKey(): string {
  return `mg_${randomBytes(32).toString('base64url')}`;
}

/** What we store of a key. It has 256 random bits, so that a slow hash would add nothing. */
export function hashApiKey(key: string): string {
  return hash('sha256', key);
}

const SHORTEST_KEY = 20; // of a key that an operator brings along; ours have 46 characters
const LONGEST_KEY = 512;

export const isPlausibleKey = (key: string): boolean =>
  key.length >= SHORTEST_KEY && key.length <= LONGEST_KEY && /^[\x21-\x7e]+$/.test(key);
