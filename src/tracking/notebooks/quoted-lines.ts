import type { ScriptLanguage } from './script-language';

type Quote = '"' | "'";

/**
 * Tells whether a line begins inside a text that an earlier line has opened: there, `%` and `#` are letters like
 * others. Triple quotes as in Python; R has none, but lets plain texts go on over lines.
 */
export class QuotedLines {
  private plain: Quote | null = null;
  private triple: Quote | null = null;
  private readonly comment: string | undefined;
  private readonly isR: boolean;

  constructor(language: ScriptLanguage | null) {
    this.comment = language?.comment;
    this.isR = language?.name === 'R';
  }

  get isOpen(): boolean {
    return this.plain !== null || this.triple !== null;
  }

  read(line: string): void {
    const { comment } = this;
    if (!this.isOpen && comment !== undefined && line.trimStart().startsWith(comment)) return;
    let tripleAt = -1;
    for (let at = 0; at < line.length; at += 1) {
      if (!this.isOpen && comment !== undefined && line.startsWith(comment, at)) break;
      const quote = line[at];
      if ((quote !== '"' && quote !== "'") || line[at - 1] === '\\') continue;
      if (this.plain !== null) {
        if (this.plain === quote) this.plain = null;
      } else if (this.isR) {
        continue;
      } else if (at >= tripleAt + 3 && at >= 2 && line[at - 1] === quote && line[at - 2] === quote) {
        if (this.triple !== null && this.triple !== quote) continue;
        this.triple = this.triple === quote ? null : quote;
        tripleAt = at;
      } else if (this.triple === null) {
        this.plain = quote;
      }
    }
    if (!this.isR) this.plain = null;
  }
}
