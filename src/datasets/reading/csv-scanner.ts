import { wrongColumnNames } from './column-names';
import {
  BREAK,
  CELL_END,
  CELL_START,
  FILE_START,
  isQuoted,
  KIND,
  NEXT,
  QUOTE_IN_BARE,
  QUOTED_BREAK,
  QUOTED_TEXT,
  TEXT_AFTER_QUOTE,
} from './csv-automaton';
import { MAX_COLUMNS, MAX_ROW_LENGTH } from './limits';
import { Unreadable } from './unreadable';

const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = '\ufeff';
const NOTHING: Buffer = Buffer.alloc(0);
/** A cell that is missing, as a row of one column: a blank line of such a table. */
const MISSING_CELL = '""';

/**
 * Checks a CSV file (RFC 4180: comma, UTF-8, one header row) byte by byte, and writes it again in the one form that is
 * read in one way only: no header, no blank lines, every row ended by one line feed. So no dialect is guessed, and what
 * is wrong is told with its line. Throws `Unreadable`.
 */
export class CsvScanner {
  names: readonly string[] | null = null;
  rowCount = 0;
  /** In bytes, the header's too: readers make room for it. */
  longestRow = 0;
  /** Whether the file has that one form itself, but for its header. */
  isInOneForm = true;
  /** For each column what its cells are, all kinds together. */
  readonly kinds = new Uint8Array(MAX_COLUMNS);

  private state = FILE_START;
  /** Cells of this row that have ended. */
  private cells = 0;
  private line = 1;
  private rowLine = 1;
  /** Line breaks inside the cell that has begun. */
  private breaksInCell = 0;
  /** Where the row begins, in this piece; below 0 where it has begun in an earlier one. */
  private rowStart = 0;
  /** Characters of the row in earlier pieces. */
  private rowCharacters = 0;
  /** What follows a carriage return, in this piece: a line feed there is the second half of a line break. */
  private afterReturn = -1;
  private header: Buffer[] = [];
  private piece = NOTHING;
  /** The rows of this piece in their one form, where the piece is not so itself. */
  private out: Buffer | null = null;
  private outLength = 0;
  /** From where on the piece has not been written. */
  private kept = 0;

  /** @returns the rows of this piece in their one form; what has not ended yet is there as far as it goes */
  push(piece: Buffer): Buffer {
    this.piece = piece;
    this.out = null;
    this.outLength = 0;
    this.kept = 0;
    const { kinds } = this;
    let { state, cells } = this;
    for (let index = 0; index < piece.length; index++) {
      const next = NEXT[state * 256 + (piece[index] ?? 0)] ?? 0;
      if (next < CELL_END) {
        state = next;
      } else if (next === CELL_END) {
        kinds[cells] = (kinds[cells] ?? 0) | (KIND[state] ?? 0);
        cells++;
        state = CELL_START;
        this.breaksInCell = 0;
      } else {
        this.state = state;
        this.cells = cells;
        this.meet(next, index);
        ({ state, cells } = this);
      }
    }
    this.state = state;
    this.cells = cells;
    return this.endPiece();
  }

  /** @returns what ends the last row, where the file did not */
  end(): Buffer {
    if (isQuoted(this.state))
      throw notCsv(`The quote that is opened on line ${this.line - this.breaksInCell} is never closed.`);
    const isInsideRow = this.cells > 0 || (this.state !== CELL_START && this.state !== FILE_START);
    this.piece = NOTHING;
    if (isInsideRow) this.endRow(0, this.line);
    if (this.names === null) throw notCsv('The file is empty: a CSV file begins with a header row.');
    return isInsideRow && this.rowCount > 0 ? Buffer.from('\n') : NOTHING;
  }

  private meet(event: number, index: number): void {
    switch (event) {
      case BREAK:
      case QUOTED_BREAK:
        return this.breakLine(index, event === QUOTED_BREAK);
      case QUOTE_IN_BARE:
        throw notCsv(`Line ${this.line} has a quote inside a cell that is not quoted. Quote the whole cell.`);
      case TEXT_AFTER_QUOTE:
        throw notCsv(
          `Line ${this.line} has text after a closing quote. Quotes inside a cell are written twice.`,
        );
    }
  }

  private breakLine(index: number, isInsideCell: boolean): void {
    const isReturn = this.piece[index] === CARRIAGE_RETURN;
    const isSecondHalf = !isReturn && this.afterReturn === index;
    if (isReturn) this.afterReturn = index + 1;
    if (isSecondHalf) {
      if (!isInsideCell) this.skipBreak(index);
      return;
    }
    this.line++;
    if (!isInsideCell) return this.endRow(index, this.line - 1);
    this.breaksInCell++;
    this.state = QUOTED_TEXT;
  }

  /** The second half of a break is a row's end no more. */
  private skipBreak(index: number): void {
    this.replace(index, '');
    this.rowStart = index + 1;
  }

  private endRow(index: number, endLine: number): void {
    const rowBytes = index - this.rowStart;
    if (rowBytes > MAX_ROW_LENGTH) this.checkLength(index);
    if (rowBytes > this.longestRow) this.longestRow = rowBytes;
    const isBlank = this.state === CELL_START && this.cells === 0;
    const kind = KIND[this.state] ?? 0;
    const last = this.cells;
    this.startRow(index + 1);
    if (this.names === null) return this.endHeader(last + 1, index);
    if (isBlank && this.names.length > 1) return this.replace(index, '');
    if (last + 1 !== this.names.length)
      throw notCsv(
        `The row that ends on line ${endLine} has ${last + 1} cells, but the header has ${this.names.length} columns.`,
      );
    this.kinds[last] = (this.kinds[last] ?? 0) | kind;
    this.rowCount++;
    if (isBlank) this.replace(index, `${MISSING_CELL}\n`);
    else if (this.piece[index] === CARRIAGE_RETURN) this.replace(index, '\n');
  }

  private startRow(index: number): void {
    this.state = CELL_START;
    this.cells = 0;
    this.breaksInCell = 0;
    this.rowStart = index;
    this.rowCharacters = 0;
    this.rowLine = this.line;
  }

  private endHeader(cells: number, index: number): void {
    if (cells > MAX_COLUMNS)
      throw notCsv(`The header has ${cells} columns; at most ${MAX_COLUMNS} are allowed.`);
    const row = Buffer.concat([...this.header, this.piece.subarray(0, index)]).toString('utf8');
    const isMarked = row.startsWith(BYTE_ORDER_MARK);
    const names = cellsOf(isMarked ? row.slice(1) : row);
    const wrong = wrongColumnNames(names);
    if (wrong) throw notCsv(wrong);
    this.names = names;
    this.header = [];
    this.kept = index + 1;
    this.isInOneForm = !isMarked && this.piece[index] !== CARRIAGE_RETURN;
    this.kinds.fill(0);
  }

  /** Writes what comes before that byte, and something in its place. */
  private replace(index: number, text: string): void {
    this.isInOneForm = false;
    // A blank line of one byte becomes a row of three.
    this.out ??= Buffer.allocUnsafe(this.piece.length * 3);
    this.outLength += this.piece.copy(this.out, this.outLength, this.kept, index);
    this.outLength += this.out.write(text, this.outLength, 'latin1');
    this.kept = index + 1;
  }

  private endPiece(): Buffer {
    const { piece, out } = this;
    this.checkLength(piece.length);
    this.rowCharacters += charactersOf(piece, this.rowStart, piece.length);
    this.rowStart -= piece.length;
    this.afterReturn = this.afterReturn === piece.length ? 0 : -1;
    if (this.names === null) {
      this.header.push(piece);
      return NOTHING;
    }
    if (out === null) return piece.subarray(this.kept);
    this.outLength += piece.copy(out, this.outLength, this.kept);
    return out.subarray(0, this.outLength);
  }

  private checkLength(index: number): void {
    if (index - this.rowStart <= MAX_ROW_LENGTH) return; // no character has less than one byte
    if (this.rowCharacters + charactersOf(this.piece, this.rowStart, index) <= MAX_ROW_LENGTH) return;
    if (this.names === null && this.cells > MAX_COLUMNS)
      throw notCsv(`The header has more than ${this.cells} columns; at most ${MAX_COLUMNS} are allowed.`);
    throw notCsv(
      `The row at line ${this.rowLine} is longer than ${MAX_ROW_LENGTH} characters. Is a quote left open?`,
    );
  }
}

/** Of UTF-8, where a character has one byte that does not go on with another. */
function charactersOf(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let index = Math.max(0, from); index < to; index++) if (((bytes[index] ?? 0) & 0xc0) !== 0x80) count++;
  return count;
}

/** The cells of a row in which all quotes are where they should be. */
const cellsOf = (row: string): readonly string[] =>
  Array.from(`,${row}`.matchAll(/,(?:"([^"]*(?:""[^"]*)*)"|([^,]*))/g), ([, quoted, bare = '']) =>
    quoted === undefined ? bare : quoted.replaceAll('""', '"'),
  );

export const notCsv = (message: string) => new Unreadable('INVALID_CSV', message);
