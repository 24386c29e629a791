import type { JsonObject } from './notebook';

/** Deepest nesting of what a notebook says besides its cells; each level is a call for whoever looks into it. */
export const MAX_DEPTH = 64;

/** What is wrong with a notebook, in a sentence for whoever has it. */
export class NotebookFault extends Error {
  constructor(
    message: string,
    readonly code: 'NOT_A_NOTEBOOK' | 'NOTEBOOK_FORMAT' = 'NOT_A_NOTEBOOK',
  ) {
    super(message);
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Texts stand in notebooks as they are, or cut into lines. */
export function textOf(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('');
  throw new NotebookFault(`\`${path}\` should be a text, or a list of lines.`);
}

export const isTooDeep = (value: unknown, levels = MAX_DEPTH): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1)));
