import { invalidInput, shorten, type InputIssue, type InvalidInput } from './errors';

/** Longest name of a model, dataset or experiment, in characters; MLflow's limit, so its names fit. */
export const MAX_NAME_LENGTH = 255;
/** Longest key of a param, metric or tag, in characters; MLflow's limit. */
export const MAX_KEY_LENGTH = 250;
/** Longest value of a param or tag, in characters; MLflow's limit for params. */
export const MAX_VALUE_LENGTH = 6_000;
/** Longest description or reason, in characters: a page or two of prose. */
export const MAX_PROSE_LENGTH = 10_000;

const ENDPOINT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ALIAS_NAME = /^[A-Za-z0-9_-]{1,255}$/;
const RESERVED_ALIAS = /^(latest|v?\d+|\d+\.\d+\.\d+)$/i;
const FORBIDDEN_IN_NAMES = /[/\\:@\p{Cc}]/u;

/** Collects everything that is wrong with an input, so that a caller sees it all at once. */
export class InputCheck {
  private readonly issues: InputIssue[] = [];

  add(path: string, expected: string, actual: string): this {
    this.issues.push({ path, expected, actual });
    return this;
  }

  /** Text of 1 to `max` characters without NUL, which PostgreSQL cannot store. */
  text(path: string, value: string, max: number): this {
    if (value.length === 0) return this.add(path, `1 to ${max} characters`, 'an empty text');
    return this.optionalText(path, value, max);
  }

  /** As `text`, but null and empty are fine. */
  optionalText(path: string, value: string | null | undefined, max: number): this {
    if (value === null || value === undefined) return this;
    if (value.length > max) return this.add(path, `at most ${max} characters`, `${value.length} characters`);
    if (value.includes('\0')) return this.add(path, 'text without the character U+0000', 'text with it');
    if (!value.isWellFormed()) return this.add(path, 'well-formed Unicode', 'a lone surrogate');
    return this;
  }

  /** Name of a model or dataset. */
  name(path: string, value: string): this {
    const expected = `1 to ${MAX_NAME_LENGTH} characters without / \\ : @, control characters or blank ends`;
    const isValid =
      value.length > 0 &&
      value.length <= MAX_NAME_LENGTH &&
      value.trim() === value &&
      value.isWellFormed() &&
      !FORBIDDEN_IN_NAMES.test(value);
    return isValid ? this : this.add(path, expected, quote(value));
  }

  endpointName(path: string, value: string): this {
    return ENDPOINT_NAME.test(value)
      ? this
      : this.add(path, `a name that matches ${ENDPOINT_NAME.source}`, quote(value));
  }

  aliasName(path: string, value: string): this {
    const expected = `a name that matches ${ALIAS_NAME.source} and is not “latest”, a number or a version`;
    return ALIAS_NAME.test(value) && !RESERVED_ALIAS.test(value)
      ? this
      : this.add(path, expected, quote(value));
  }

  count(path: string, length: number, max: number): this {
    return length <= max ? this : this.add(path, `at most ${max} entries`, `${length} entries`);
  }

  /** Null when nothing is wrong. */
  result(): InvalidInput | null {
    return this.issues.length === 0 ? null : invalidInput(this.issues);
  }
}

const quote = (value: string) => (value.length === 0 ? 'an empty text' : `“${shorten(value)}”`);
