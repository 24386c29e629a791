/** A piece of a filter's text. The first character of the text has the position 1. */
export type Token =
  | { readonly kind: 'word' | 'number' | 'symbol'; readonly text: string; readonly position: number }
  | { readonly kind: 'quoted'; readonly text: string; readonly quote: string; readonly position: number };

type MakeError = (expected: string, position: number, got?: string) => Error;

const SPACE = /\s+/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const WORD = /[A-Za-z_][\w./-]*/y;
const SYMBOL = /<=|>=|!=|<>|==|=|<|>|\(|\)|,/y;
/** Other spellings of the same comparison. */
const SAME_SYMBOL: ReadonlyMap<string, string> = new Map([
  ['<>', '!='],
  ['==', '='],
]);
const QUOTES = new Set(["'", '"', '`']);

/** Cuts a filter into words, numbers, symbols and quoted texts (the quote itself is written twice inside). */
export function tokenize(text: string, error: MakeError): readonly Token[] {
  // PostgreSQL can store neither, so nothing could match them.
  const unstorable = text.indexOf('\0');
  if (unstorable !== -1) throw error('text without the character U+0000', unstorable + 1);
  if (!text.isWellFormed()) throw error('well-formed Unicode', 1);
  const tokens: Token[] = [];
  let index = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = index;
    return pattern.exec(text)?.[0];
  };
  while (index < text.length) {
    const position = index + 1;
    const character = text.charAt(index);
    const space = take(SPACE);
    if (space !== undefined) {
      index += space.length;
      continue;
    }
    if (QUOTES.has(character)) {
      const quoted = readQuoted(text, index, character);
      if (!quoted) throw error(`a closing ${character} for the one`, position);
      tokens.push({ kind: 'quoted', text: quoted.text, quote: character, position });
      index = quoted.end;
      continue;
    }
    const number = take(NUMBER);
    const word = number === undefined ? take(WORD) : undefined;
    const symbol = number === undefined && word === undefined ? take(SYMBOL) : undefined;
    const found = number ?? word ?? symbol;
    if (found === undefined)
      throw error('a key, a comparison, a number, a quoted text or a parenthesis', position, character);
    const kind = number !== undefined ? 'number' : word !== undefined ? 'word' : 'symbol';
    tokens.push({ kind, text: SAME_SYMBOL.get(found) ?? found, position });
    index += found.length;
  }
  return tokens;
}

function readQuoted(text: string, start: number, quote: string): { text: string; end: number } | null {
  let content = '';
  for (let index = start + 1; index < text.length; index++) {
    if (text.charAt(index) !== quote) content += text.charAt(index);
    else if (text.charAt(index + 1) === quote) content += text.charAt(index++);
    else return { text: content, end: index + 1 };
  }
  return null;
}
