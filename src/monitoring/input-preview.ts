import type { Observation } from '../serving/serving';

/** Characters of values and names that are shown of a question, syntax apart: what fits on a screen. */
const MAX_CHARACTERS = 2_000;
/** Longest text that is shown of one value. */
const MAX_TEXT = 100;
/** Stands where something was left out. */
const MORE = '…';

/**
 * The first values of a question, as JSON. What it costs is bounded by what is shown, however large the question is.
 * Values in bytes are only counted.
 */
export function inputPreview({ rows, inputs }: Observation['question']): string | null {
  const clip = new Clip();
  if (rows) return JSON.stringify(clip.value(rows));
  if (!inputs) return null;
  const tensors = inputs.map(({ name, datatype, shape, data, base64, bytes }) =>
    data
      ? { name, datatype, shape, data }
      : { name, datatype, shape, bytes: bytes?.length ?? Math.floor(((base64?.length ?? 0) * 3) / 4) },
  );
  return JSON.stringify(clip.value(tensors));
}

class Clip {
  private left = MAX_CHARACTERS;

  value(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        this.left -= 8;
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return this.text(String(value));
      case 'object':
        return value === null ? this.nothing() : this.inside(value);
      default:
        return typeof value === 'boolean' ? this.word(value) : this.nothing();
    }
  }

  private inside(value: object): unknown {
    if (Array.isArray(value) || ArrayBuffer.isView(value))
      return this.list(value as unknown as ArrayLike<unknown>);
    const shown: Record<string, unknown> = {};
    for (const name in value) {
      if (this.left <= 0) return { ...shown, [MORE]: MORE };
      Object.defineProperty(shown, this.text(name), {
        value: this.value((value as Record<string, unknown>)[name]),
        enumerable: true,
        configurable: true,
      });
    }
    return shown;
  }

  private list(values: ArrayLike<unknown>): unknown[] {
    const shown: unknown[] = [];
    for (let at = 0; at < values.length; at += 1) {
      if (this.left <= 0) return [...shown, MORE];
      const value = values[at];
      shown.push(this.value(value instanceof Uint8Array ? { bytes: value.length } : value));
    }
    return shown;
  }

  private text(text: string): string {
    const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}${MORE}` : text;
    this.left -= shown.length + 2;
    return shown;
  }

  private word(value: boolean): boolean {
    this.left -= 5;
    return value;
  }

  private nothing(): null {
    this.left -= 4;
    return null;
  }
}
