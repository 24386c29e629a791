import { Foundation1795000000001 } from './0001-foundation';

/** Every step, in order. A file that has landed is never edited: a change is a new step. */
export const MIGRATIONS = [Foundation1795000000001];
