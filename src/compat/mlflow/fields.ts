import { shorten } from '../../kernel/errors';
import { doubleFromJson } from '../../kernel/tensors/double';
import { invalidParameter } from './mlflow-error';
import { shownValue } from './shown-value';

/** Whole numbers of 64 bits, as the protocol's own JSON has them: numbers, or texts of digits. */
const INT64 = /^-?\d{1,19}$/;
const [MIN_INT64, MAX_INT64] = [-(2n ** 63n), 2n ** 63n - 1n];

/** The milliseconds since 1970 that JavaScript and PostgreSQL both have dates for: the years 1 to 9999. */
const [MIN_TIME_MS, MAX_TIME_MS] = [-62_135_596_800_000, 253_402_300_799_999];

/**
 * The fields of a request or of a part of it, as they came, by their names. Reading one that is missing or of another
 * kind throws what MLflow says then. A field that is empty counts as missing, as in MLflow; fields nobody asks for are
 * no fault.
 */
export class Fields {
  /** @param path where this part stands in the request, as in `metrics[1].`; empty for the whole */
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  has(name: string): boolean {
    const value = this.values[name];
    return value !== undefined && value !== null && value !== '';
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.missing(name);
  }

  /** Null where it is missing or empty. */
  optionalText(name: string): string | null {
    const value = this.anyText(name);
    return value === '' ? null : value;
  }

  /** Null only where it is missing: the value of a tag may be empty. */
  anyText(name: string): string | null {
    const value = this.values[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  /** Of two names of one field, the older of which some clients still send alone. */
  eitherText(name: string, older: string): string {
    return this.optionalText(name) ?? this.optionalText(older) ?? this.missing(name);
  }

  /** One of these words. Null where it is missing. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | null {
    const text = this.optionalText(name);
    if (text === null) return null;
    const word = words.find((known) => known === text);
    if (word === undefined) throw this.wrong(name, `one of ${words.join(', ')}`);
    return word;
  }

  integer(name: string): bigint {
    return this.optionalInteger(name) ?? this.missing(name);
  }

  optionalInteger(name: string): bigint | null {
    if (!this.has(name)) return null;
    const value = this.values[name];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    const integer =
      typeof value === 'bigint'
        ? value
        : typeof value === 'string' && INT64.test(value)
          ? BigInt(value)
          : null;
    if (integer === null || integer < MIN_INT64 || integer > MAX_INT64)
      throw this.wrong(name, 'a whole number of 64 bits');
    return integer;
  }

  /** A whole number in these bounds; `absent` where there is none, or an error where it is null. */
  count(
    name: string,
    { min = 1, max, absent }: { readonly min?: number; readonly max: number; readonly absent: number | null },
  ): number {
    const integer = this.optionalInteger(name);
    if (integer === null) return absent ?? this.missing(name);
    if (integer < BigInt(min) || integer > BigInt(max))
      throw this.wrong(name, `a whole number from ${min} to ${max}`);
    return Number(integer);
  }

  /** Milliseconds since 1970. Null where it is missing. */
  optionalTime(name: string): Date | null {
    const ms = this.optionalInteger(name);
    if (ms === null) return null;
    if (ms < MIN_TIME_MS || ms > MAX_TIME_MS)
      throw this.wrong(name, 'milliseconds since 1970 in the years 1 to 9999');
    return new Date(Number(ms));
  }

  time(name: string): Date {
    return this.optionalTime(name) ?? this.missing(name);
  }

  /** Any double: the texts “NaN”, “Infinity” and “-Infinity” stand for what JSON cannot say. */
  double(name: string): number {
    const value = this.values[name];
    if (value === undefined || value === null) return this.missing(name);
    if (typeof value === 'bigint') return Number(value);
    const double =
      doubleFromJson(value) ?? (typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN);
    if (Number.isNaN(double) && value !== 'NaN' && !Number.isNaN(value)) throw this.wrong(name, 'a number');
    return double;
  }

  boolean(name: string): boolean {
    const value = this.values[name];
    if (value === undefined || value === null || value === false || value === 'false') return false;
    if (value === true || value === 'true') return true;
    throw this.wrong(name, 'true or false');
  }

  /** The parts of a list of objects; none where it is missing. */
  list(name: string): readonly Fields[] {
    return this.entries(name).map((value, index) => {
      if (!isRecord(value)) throw this.wrong(`${name}[${index}]`, 'an object', value);
      return new Fields(value, `${this.path}${name}[${index}].`);
    });
  }

  texts(name: string): readonly string[] {
    return this.entries(name).map((value, index) => {
      if (typeof value !== 'string') throw this.wrong(`${name}[${index}]`, 'a text', value);
      return value;
    });
  }

  /** A part that is an object. Null where it is missing. */
  optionalPart(name: string): Fields | null {
    const value = this.values[name];
    if (value === undefined || value === null) return null;
    if (!isRecord(value)) throw this.wrong(name, 'an object');
    return new Fields(value, `${this.path}${name}.`);
  }

  part(name: string): Fields {
    return this.optionalPart(name) ?? this.missing(name);
  }

  /** The error for a field that is there and cannot be what it is. */
  wrong(name: string, expected: string, value: unknown = this.values[name]): Error {
    const actual = shorten(typeof value === 'string' ? value : shownValue(value));
    return invalidParameter(
      `Invalid value '${actual}' for parameter '${this.path}${name}': expected ${expected}.`,
    );
  }

  private missing(name: string): never {
    throw invalidParameter(`Missing value for required parameter '${this.path}${name}'.`);
  }

  private entries(name: string): readonly unknown[] {
    const value = this.values[name];
    if (value === undefined || value === null) return [];
    // A query has a list of one as it has a single value.
    if (typeof value === 'string' && this.path === '') return [value];
    if (!Array.isArray(value)) throw this.wrong(name, 'a list');
    return value;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
