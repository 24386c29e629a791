import { isBase64Object } from '../../kernel/tensors/binary-text';
import { shorten } from '../../kernel/errors';
import type { NestedValue } from '../../kernel/tensors/nested-values';
import type { TensorSpec } from '../../kernel/tensors/tensor';

/** The inputs of a body, or what is wrong with it, in one sentence. */
export type Form =
  | { readonly ok: true; readonly given: readonly NestedValue[] }
  | { readonly ok: false; readonly message: string };

export const wrongForm = (message: string): Form => ({ ok: false, message });

/** Whether an object has a member for each input, rather than being a value itself. */
export const isByName = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isBase64Object(value);

/** What is wrong with the names of an object by input; null where nothing is. */
export function wrongNames(
  members: Readonly<Record<string, unknown>>,
  inputs: readonly TensorSpec[],
): string | null {
  const missing = inputs.find(({ name }) => !Object.hasOwn(members, name));
  if (missing) return `“${missing.name}” is missing; expected ${objectBy(inputs)}.`;
  const names = Object.keys(members);
  if (names.length === inputs.length) return null;
  const unknown = names.find((name) => !inputs.some((input) => input.name === name)) ?? '';
  return `there is no input “${shorten(unknown)}”; expected ${objectBy(inputs)}.`;
}

export const objectBy = (inputs: readonly TensorSpec[]): string =>
  `an object with ${inputs.map(({ name }) => `“${name}”`).join(', ')}`;

export const indexed = (indices: readonly number[]): string => indices.map((index) => `[${index}]`).join('');
