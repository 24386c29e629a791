import { Failure, shorten } from '../errors';
import { tokenize, type Token } from './filter-tokens';

/** Longest filter, in characters: an IN-list of a thousand ids. */
export const MAX_FILTER_LENGTH = 50_000;

/** The error for a part of a filter that is not, or cannot be used here. Positions begin at 1. */
export function filterError(argument: string, expected: string, position: number, got?: string): Failure {
  const actual = got === undefined ? '' : `, got “${shorten(got, 40)}”`;
  return new Failure(
    'BAD_USER_INPUT',
    `${argument}: expected ${expected} at character ${position}${actual}.`,
    { argument, expected, position },
  );
}

/** The tokens of a filter or a sort key, read from left to right. Every method that refuses throws BAD_USER_INPUT. */
export class FilterReader {
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(
    private readonly argument: string,
    private readonly text: string,
  ) {
    if (text.length > MAX_FILTER_LENGTH) {
      throw filterError(argument, `at most ${MAX_FILTER_LENGTH} characters`, MAX_FILTER_LENGTH + 1);
    }
    this.tokens = tokenize(text, (expected, position, got) => filterError(argument, expected, position, got));
  }

  isAtEnd(): boolean {
    return this.index === this.tokens.length;
  }

  /** The next token, which stays. */
  peek(): Token | undefined {
    return this.tokens[this.index];
  }

  next(expected: string): Token {
    const token = this.tokens[this.index++];
    if (!token) throw filterError(this.argument, expected, this.text.length + 1, 'the end');
    return token;
  }

  /** The next token where it is this word, in any case, or this symbol; else null, and it stays. */
  take(text: string): Token | null {
    const token = this.peek();
    if (!token || token.kind === 'quoted' || token.text.toUpperCase() !== text) return null;
    this.index += 1;
    return token;
  }

  /** The same where nothing else may stand. */
  require(text: string, expected: string = text): Token {
    const token = this.take(text);
    if (token) return token;
    throw this.error(expected, this.next(expected));
  }

  error(expected: string, token: Token): Failure {
    return filterError(this.argument, expected, token.position, token.text);
  }
}
