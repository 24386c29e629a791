import { elementCount } from './tensor';

/** The values from `start` on, in lists of the shape's sizes. */
export function nestedText(texts: readonly string[], shape: readonly number[], start: number): string {
  const [size, ...inner] = shape;
  if (size === undefined) return texts[start] ?? 'null';
  if (inner.length === 0) return `[${texts.slice(start, start + size).join(',')}]`;
  const width = elementCount(inner);
  const parts = Array.from({ length: size }, (_, index) => nestedText(texts, inner, start + index * width));
  return `[${parts.join(',')}]`;
}
