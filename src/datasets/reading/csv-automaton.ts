/** What the text of a cell may be read as, a bit each: so that a column is what its cells add up to. */
export const MISSING = 1;
export const INTEGER = 2;
export const DECIMAL = 4;
export const BOOLEAN = 8;
export const TEXT = 16;
/** An integer of so many digits that it may be out of the range of 64 bits. */
export const LONG_INTEGER = 32;

/** Integers of so many digits have 64 bits at most. */
const SHORT_DIGITS = 18;

type Steps = readonly (readonly [bytes: RegExp, next: string])[];

const INTEGERS: Steps = [
  [/0/, 'zero'],
  [/[1-9]/, 'integer-1'],
];
const EXPONENT: Steps = [[/[eE]/, 'exponent']];
const POINT_OR_EXPONENT: Steps = [[/\./, 'fraction'], ...EXPONENT];
const SHORT_INTEGERS = Array.from({ length: SHORT_DIGITS }, (_, index) => `integer-${index + 1}`);
const LONG = `integer-${SHORT_DIGITS + 1}`;
/** How a number goes on. A leading zero makes a code: 00501 is a postal code and must come back as it went in. */
const NUMBERS: Readonly<Record<string, Steps>> = {
  '': [[/[+-]/, 'sign'], ...INTEGERS, [/\./, 'point']],
  sign: [...INTEGERS, [/\./, 'point']],
  zero: POINT_OR_EXPONENT,
  ...Object.fromEntries(
    SHORT_INTEGERS.map((content, index) => [
      content,
      [[/[0-9]/, `integer-${index + 2}`], ...POINT_OR_EXPONENT],
    ]),
  ),
  [LONG]: [[/[0-9]/, LONG], ...POINT_OR_EXPONENT],
  point: [[/[0-9]/, 'fraction']],
  fraction: [[/[0-9]/, 'fraction'], ...EXPONENT],
  exponent: [
    [/[+-]/, 'exponent-sign'],
    [/[0-9]/, 'exponent-digits'],
  ],
  'exponent-sign': [[/[0-9]/, 'exponent-digits']],
  'exponent-digits': [[/[0-9]/, 'exponent-digits']],
};
const SPECIALS = ['nan', 'inf', 'infinity'];
const BOOLEANS = ['true', 'false'];
const WORDS = [...SPECIALS, ...BOOLEANS];
const ANY = 'any';

/** What of a cell has come, as far as it matters: `''` is nothing, words are there with each of their beginnings. */
const CONTENTS: readonly string[] = [
  ...Object.keys(NUMBERS),
  ...new Set(WORDS.flatMap((word) => Array.from(word, (_, index) => word.slice(0, index + 1)))),
  ANY,
];

function contentAfter(content: string, character: string): string {
  const step = NUMBERS[content]?.find(([bytes]) => bytes.test(character));
  if (step) return step[1];
  const isSignedInfinity = content === 'sign' && character.toLowerCase() === 'i';
  const word = isSignedInfinity ? 'i' : content + character.toLowerCase();
  return WORDS.some((known) => known.startsWith(word)) ? word : ANY;
}

function kindOfContent(content: string): number {
  if (content === '') return MISSING;
  if (content === 'zero' || SHORT_INTEGERS.includes(content)) return INTEGER;
  if (content === LONG) return LONG_INTEGER;
  if (content === 'fraction' || content === 'exponent-digits' || SPECIALS.includes(content)) return DECIMAL;
  return BOOLEANS.includes(content) ? BOOLEAN : TEXT;
}

/**
 * Where the next byte stands: outside quotes, inside, or behind a quote that ends the cell or is half of one of its.
 */
const PLACES = ['bare', 'quoted', 'quote-in-quoted'] as const;
type Place = (typeof PLACES)[number];

const stateOf = (place: Place, content: string): number =>
  PLACES.indexOf(place) * CONTENTS.length + CONTENTS.indexOf(content);

/** At the beginning of a cell. */
export const CELL_START = stateOf('bare', '');
/** Inside quotes, in a cell that is neither missing nor a number nor true or false. */
export const QUOTED_TEXT = stateOf('quoted', ANY);
/** At the beginning of a file, which may have a byte order mark. */
export const FILE_START = PLACES.length * CONTENTS.length;
const AFTER_EF = FILE_START + 1;
const AFTER_BB = FILE_START + 2;

/** What is no state, but something to do. */
export const CELL_END = FILE_START + 3;
export const BREAK = CELL_END + 1;
export const QUOTED_BREAK = CELL_END + 2;
export const QUOTE_IN_BARE = CELL_END + 3;
export const TEXT_AFTER_QUOTE = CELL_END + 4;

const isLineBreak = (character: string) => character === '\n' || character === '\r';

function after(place: Place, content: string, character: string): number {
  switch (place) {
    case 'bare':
      if (character === ',') return CELL_END;
      if (isLineBreak(character)) return BREAK;
      if (character !== '"') return stateOf('bare', contentAfter(content, character));
      return content === '' ? stateOf('quoted', '') : QUOTE_IN_BARE;
    case 'quoted':
      if (character === '"') return stateOf('quote-in-quoted', content);
      return isLineBreak(character) ? QUOTED_BREAK : stateOf('quoted', contentAfter(content, character));
    case 'quote-in-quoted':
      if (character === ',') return CELL_END;
      if (isLineBreak(character)) return BREAK;
      return character === '"' ? stateOf('quoted', ANY) : TEXT_AFTER_QUOTE;
  }
}

/** The states and things to do, by `state * 256 + byte`. */
export const NEXT: Uint8Array = makeNext();

function makeNext(): Uint8Array {
  const next = new Uint8Array(CELL_END * 256);
  for (const place of PLACES)
    for (const content of CONTENTS)
      for (let byte = 0; byte < 256; byte++)
        next[stateOf(place, content) * 256 + byte] = after(place, content, String.fromCharCode(byte));
  const begin = (state: number, like: number, byte: number, then: number) => {
    next.copyWithin(state * 256, like * 256, (like + 1) * 256);
    next[state * 256 + byte] = then;
  };
  begin(FILE_START, CELL_START, 0xef, AFTER_EF);
  begin(AFTER_EF, stateOf('bare', ANY), 0xbb, AFTER_BB);
  begin(AFTER_BB, stateOf('bare', ANY), 0xbf, CELL_START);
  return next;
}

/** The kind of a cell that ends in a state. */
export const KIND: Uint8Array = Uint8Array.from({ length: CELL_END }, (_, state) => {
  return state < FILE_START ? kindOfContent(CONTENTS[state % CONTENTS.length] ?? ANY) : TEXT;
});

export const isQuoted = (state: number): boolean =>
  state < FILE_START && PLACES[Math.floor(state / CONTENTS.length)] === 'quoted';
