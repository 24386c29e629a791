/**
 * Rows kept while the database is away, some 1.5 kB each: minutes of a hundred busy variants. The end of a minute gives
 * two for each variant and door at once, of which none may be lost: these are 10,000 of them.
 */
export const MAX_UNWRITTEN_ROWS = 20_000;

/** Closed windows that wait to be written. Beyond the limit the oldest go: the newest say how it is doing now. */
export class UnwrittenRows<Row> {
  private rows: Row[] = [];
  private droppedRows = 0;

  get size(): number {
    return this.rows.length;
  }

  push(row: Row): void {
    this.rows.push(row);
    if (this.rows.length <= MAX_UNWRITTEN_ROWS) return;
    this.rows.shift();
    this.droppedRows += 1;
  }

  oldest(count: number): readonly Row[] {
    return this.rows.slice(0, count);
  }

  remove(written: readonly Row[]): void {
    const isWritten = new Set(written);
    this.rows = this.rows.filter((row) => !isWritten.has(row));
  }

  /** How many were dropped since this was last asked. */
  takeDropped(): number {
    const dropped = this.droppedRows;
    this.droppedRows = 0;
    return dropped;
  }
}
