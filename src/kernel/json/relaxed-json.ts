/** Deepest nesting that is read, since each level is a call: a tensor has a handful of axes. */
const MAX_DEPTH = 100;

/** A whole number that a double may not hold, and 64 bits may: not part of a fraction. */
const WIDE_INTEGER = /[^\d.]\d{16,20}(?![\d.eE])/;
const BARE_SPECIAL = /NaN|Infinity/;

/** What becomes of that which JSON, or a double, cannot say: each door hands on what serving takes from it. */
export interface Beyond {
  /** `NaN`, `Infinity` and `-Infinity` without quotes. */
  readonly special: (word: 'NaN' | 'Infinity' | '-Infinity') => unknown;
  /** The digits, with a sign perhaps, of a whole number of up to 64 bits that a double would round. */
  readonly wideInteger: (digits: string) => unknown;
}

/**
 * JSON as clients of model servers write it: with bare NaN and infinities, as Python's `json` has them. What is plain
 * JSON takes the engine's own parser; there, whole numbers beyond 2^53 are rounded.
 *
 * @throws SyntaxError
 */
export function parseRelaxedJson(text: string, beyond: Beyond): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!BARE_SPECIAL.test(text)) throw error;
    return parseExactJson(text, beyond);
  }
}

/**
 * The same with every whole number exact. Written by hand, since its time must grow with the text and no faster: a
 * regular expression for texts and numbers goes back to the beginning of each text that has no end, or runs out of
 * stack.
 *
 * @throws SyntaxError
 */
export const parseExactJson = (text: string, beyond: Beyond): unknown =>
  new RelaxedParser(text, beyond).document();

/** Whether `parseExactJson` may find what the engine's parser would round. */
export const mayBeRounded = (text: string): boolean => WIDE_INTEGER.test(text);

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?\d+$/;
/** Longest number that is read: no double has more digits than 767. */
const MAX_NUMBER_LENGTH = 1_000;
/** Digits, and a sign, of the longest integer of 64 bits. */
const MAX_INTEGER_LENGTH = 20;
const SPECIAL = ['NaN', 'Infinity', '-Infinity'] as const;

class RelaxedParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly beyond: Beyond,
  ) {}

  document(): unknown {
    const value = this.value(0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.unexpected();
    return value;
  }

  private value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new SyntaxError(`Nested deeper than ${MAX_DEPTH} levels.`);
    this.skipBlanks();
    switch (this.text[this.at]) {
      case '[':
        return this.list(depth);
      case '{':
        return this.object(depth);
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private list(depth: number): unknown[] {
    const values: unknown[] = [];
    this.at += 1;
    if (this.take(']')) return values;
    do values.push(this.value(depth + 1));
    while (this.take(','));
    this.expect(']');
    return values;
  }

  private object(depth: number): Record<string, unknown> {
    // Without a prototype, so that no name of a client is special.
    const members = Object.create(null) as Record<string, unknown>;
    this.at += 1;
    if (this.take('}')) return members;
    do {
      this.skipBlanks();
      const name = this.string();
      this.expect(':');
      members[name] = this.value(depth + 1);
    } while (this.take(','));
    this.expect('}');
    return members;
  }

  /** Finds the end only: what is inside is for the engine's own parser to judge. */
  private string(): string {
    if (this.text[this.at] !== '"') throw this.unexpected();
    let end = this.text.indexOf('"', this.at + 1);
    while (end !== -1 && this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) throw new SyntaxError(`Unterminated string in JSON at position ${this.at}`);
    const literal = this.text.slice(this.at, end + 1);
    this.at = end + 1;
    return JSON.parse(literal) as string;
  }

  private isEscaped(at: number): boolean {
    let backslashes = 0;
    while (this.text[at - 1 - backslashes] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  private word<Value>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) throw this.unexpected();
    this.at += word.length;
    return value;
  }

  private number(): unknown {
    const start = this.at;
    while (isOfNumber(this.text.charCodeAt(this.at))) this.at += 1;
    const literal = this.text.slice(start, this.at);
    if (literal.length <= MAX_NUMBER_LENGTH && NUMBER.test(literal)) {
      const number = Number(literal);
      const isWide = !Number.isSafeInteger(number) && literal.length <= MAX_INTEGER_LENGTH;
      return isWide && INTEGER.test(literal) ? this.beyond.wideInteger(literal) : number;
    }
    this.at = start;
    const special = SPECIAL.find((word) => this.text.startsWith(word, start));
    if (!special) throw this.unexpected();
    this.at += special.length;
    return this.beyond.special(special);
  }

  private skipBlanks(): void {
    while (isBlank(this.text.charCodeAt(this.at))) this.at += 1;
  }

  private take(character: string): boolean {
    this.skipBlanks();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.take(character)) throw this.unexpected();
  }

  private unexpected(): SyntaxError {
    const found = this.text[this.at];
    return found === undefined
      ? new SyntaxError('Unexpected end of JSON input')
      : new SyntaxError(`Unexpected token ${JSON.stringify(found)} in JSON at position ${this.at}`);
  }
}

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
/** Digits, “+”, “-”, “.”, “e” and “E”. */
const isOfNumber = (code: number): boolean =>
  (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43 || code === 101 || code === 69;
