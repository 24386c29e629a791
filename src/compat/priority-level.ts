import type { Priority } from '../serving/serving';

/** What a level of priority must be, for sentences. */
export const LEVELS = 'a whole number from 0 on';

export const isLevel = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Triton's levels: 1 goes first, then 2, and so on; 0 is the one of who says nothing. Here it is a level between two
 * others.
 */
export function priorityAt(level: number): Priority | null {
  if (level === 0) return null;
  return level === 1 ? 'HIGH' : level === 2 ? 'NORMAL' : 'LOW';
}
