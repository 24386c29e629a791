import { HALF, HIGH, LOW } from '../halves';

const DIGIT_0 = 0x30;
const MINUS = 0x2d;
/** High halves of integers below it, and from its negative on, are of those that a double holds exactly. */
const SAFE_HIGH = 2 ** 21;

/**
 * Writes ASCII text into memory that was taken once: a long list of numbers is made without an object, a bigint or a
 * piece of text for each, which would have to be thrown away. A million points take a tenth of the time.
 */
export class AsciiWriter {
  private readonly bytes: Buffer;
  private at = 0;

  /** @param maxLength of all that will be written */
  constructor(maxLength: number) {
    this.bytes = Buffer.allocUnsafe(maxLength);
  }

  /** Of ASCII characters only. */
  text(text: string): void {
    const { bytes } = this;
    let at = this.at;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.at = at;
  }

  /** The integer of a row, in decimal digits: 20 characters at most. @param halves see `halvesOf` */
  integer(halves: Int32Array, row: number): void {
    const high = halves[2 * row + HIGH] as number;
    const low = (halves[2 * row + LOW] as number) >>> 0;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) this.text(String((BigInt(high) << 32n) + BigInt(low)));
    else this.digits(high * HALF + low);
  }

  toString(): string {
    return this.bytes.toString('latin1', 0, this.at);
  }

  private digits(value: number): void {
    const { bytes } = this;
    if (value < 0) bytes[this.at++] = MINUS;
    let left = Math.abs(value);
    let at = this.at + digitCount(left);
    this.at = at;
    // What fits 32 bits is divided several times faster.
    while (left >= 1e9) {
      const upper = Math.floor(left / 1e6);
      let lower = left - upper * 1e6;
      for (let digit = 0; digit < 6; digit++) {
        const tens = (lower / 10) | 0;
        bytes[--at] = DIGIT_0 + lower - tens * 10;
        lower = tens;
      }
      left = upper;
    }
    let rest = left | 0;
    do {
      const tens = (rest / 10) | 0;
      bytes[--at] = DIGIT_0 + rest - tens * 10;
      rest = tens;
    } while (rest > 0);
  }
}

function digitCount(value: number): number {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  return count;
}
