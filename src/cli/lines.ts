import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longest line, in characters: ten thousand metrics. */
const MAX_LINE_LENGTH = 1_000_000;

/** The lines of what comes in, until it ends or is aborted; null in the place of one that is too long to be kept. */
export async function* linesOf(input: Readable, stop: AbortSignal): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let isTooLong = false;
  const abort = () => input.destroy();
  stop.addEventListener('abort', abort);
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const parts = decoder.write(chunk).split('\n');
      const last = parts.pop() ?? '';
      for (const part of parts) {
        yield isTooLong ? null : line + part;
        line = '';
        isTooLong = false;
      }
      line += last;
      if (line.length <= MAX_LINE_LENGTH) continue;
      line = '';
      isTooLong = true;
    }
    if (line !== '' || isTooLong) yield isTooLong ? null : line;
  } catch (error) {
    if (!stop.aborted) throw error; // what was read so far is what there is
  } finally {
    stop.removeEventListener('abort', abort);
  }
}
