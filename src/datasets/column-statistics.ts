import { createHash } from 'node:crypto';

/** Types that a column of text can have; the names are those of the Open Inference Protocol. BYTES is text. */
export type Datatype = 'INT64' | 'FP64' | 'BOOL' | 'BYTES';

export interface ColumnStatistics {
  readonly name: string;
  readonly datatype: Datatype;
  /** Rows whose cell is empty. */
  readonly missing: number;
  /** Different values; null where there were too many to remember. */
  readonly distinct: number | null;
  /** Of numbers only; NaN cells count as values, but not here. Null where there is no number. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

// A leading zero makes a code, not a number: 00501 is a postal code and must come back as it went in.
const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const DECIMAL = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);
const BOOLEAN = /^(?:true|false)$/i;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** Longer values are remembered by their hash, so that a column of documents does not fill the memory. */
const MAX_REMEMBERED_LENGTH = 64;

/** Learns one column's type and statistics, cell by cell. */
export class ColumnProfiler {
  private values: Set<string> | null = new Set();
  private present = 0;
  private missing = 0;
  private isInteger = true;
  private isNumber = true;
  private isBoolean = true;
  private readonly numbers = new NumberSummary();

  /** @param maxDistinct values that are remembered before counting them is given up */
  constructor(
    private readonly name: string,
    private readonly maxDistinct: number,
  ) {}

  add(cell: string): void {
    if (cell === '') {
      this.missing++;
      return;
    }
    this.present++;
    this.remember(cell);
    if (this.isNumber) this.addNumber(cell);
    if (this.isBoolean) this.isBoolean = BOOLEAN.test(cell);
  }

  result(): ColumnStatistics {
    const datatype = this.datatype();
    const isNumeric = datatype === 'INT64' || datatype === 'FP64';
    const { min, max, mean } = isNumeric ? this.numbers : { min: null, max: null, mean: null };
    return {
      name: this.name,
      datatype,
      missing: this.missing,
      distinct: this.distinct(datatype),
      min,
      max,
      mean,
    };
  }

  private datatype(): Datatype {
    if (this.present === 0) return 'BYTES';
    if (this.isInteger) return 'INT64';
    if (this.isNumber) return 'FP64';
    return this.isBoolean ? 'BOOL' : 'BYTES';
  }

  private addNumber(cell: string): void {
    const number = DECIMAL.test(cell) ? Number(cell) : SPECIAL.get(cell.toLowerCase());
    if (number === undefined) {
      this.isNumber = false;
      this.isInteger = false;
      return;
    }
    if (this.isInteger) this.isInteger = isInt64(cell, number);
    this.numbers.add(number);
  }

  private remember(cell: string): void {
    if (this.values === null) return;
    this.values.add(cell.length <= MAX_REMEMBERED_LENGTH ? cell : hashOf(cell));
    if (this.values.size > this.maxDistinct) this.values = null;
  }

  /** The same number written in two ways is one value. */
  private distinct(datatype: Datatype): number | null {
    if (this.values === null) return null;
    const values = [...this.values];
    switch (datatype) {
      case 'INT64':
        return new Set(values.map((value) => BigInt(value.replace('+', '')))).size;
      case 'FP64':
        return new Set(values.map((value) => SPECIAL.get(value.toLowerCase()) ?? Number(value))).size;
      case 'BOOL':
        return new Set(values.map((value) => value.toLowerCase())).size;
      case 'BYTES':
        return values.length;
    }
  }
}

/** Smallest, largest and mean of numbers. The sum carries its rounding error along (Neumaier, 1974). */
class NumberSummary {
  min: number | null = null;
  max: number | null = null;
  private count = 0;
  private sum = 0;
  private correction = 0;

  add(value: number): void {
    if (Number.isNaN(value)) return;
    if (this.min === null || value < this.min) this.min = value;
    if (this.max === null || value > this.max) this.max = value;
    this.count++;
    const sum = this.sum + value;
    const isSumLarger = Math.abs(this.sum) >= Math.abs(value);
    const lost = isSumLarger ? this.sum - sum + value : value - sum + this.sum;
    if (Number.isFinite(lost)) this.correction += lost;
    this.sum = sum;
  }

  get mean(): number | null {
    return this.count === 0 ? null : (this.sum + this.correction) / this.count;
  }
}

function isInt64(cell: string, number: number): boolean {
  if (!INTEGER.test(cell)) return false;
  if (Number.isSafeInteger(number)) return true;
  const integer = BigInt(cell.replace('+', ''));
  return integer >= INT64_MIN && integer <= INT64_MAX;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64');
