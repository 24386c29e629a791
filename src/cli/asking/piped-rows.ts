import { CommandFailed, type Terminal } from '../command';
import { linesOf } from '../lines';
import type { Row } from './tensors';

/** Rows that are piped in, one object of JSON a line, in batches; what is there so far once the input ends. */
export async function* pipedRows(
  { input, stop }: Pick<Terminal, 'input' | 'stop'>,
  batch: number,
): AsyncGenerator<{ readonly rows: readonly Row[] }> {
  let number = 0;
  let rows: Row[] = [];
  for await (const line of linesOf(input, stop)) {
    number += 1;
    if (line?.trim() === '') continue;
    rows.push(rowOf(line, number));
    if (rows.length < batch) continue;
    yield { rows };
    rows = [];
  }
  if (rows.length > 0) yield { rows };
}

function rowOf(line: string | null, number: number): Row {
  if (line === null) throw new CommandFailed(`Line ${number} is too long.`);
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  } catch {
    // said below
  }
  throw new CommandFailed(`Line ${number}: expected an object in JSON, got “${line.slice(0, 60)}”.`);
}
