import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readFrames } from './frames';

/**
 * Cuts what is no whole frame off the end of a file that nobody writes any more. A frame that is not all there is what
 * a kill in the middle of a write leaves: its `log` never returned. Anything else is damage: it is kept beside the file,
 * with `.damaged` behind its name, and told.
 */
export function mended(file: string, tell: (sentence: string) => void): void {
  const bytes = readFileSync(file);
  const { end, rest } = readFrames(bytes);
  if (rest === 'none') return;
  if (rest === 'damaged') {
    writeFileSync(`${file}.damaged`, bytes.subarray(end), { mode: 0o600, flush: true });
    const lost = bytes.length - end;
    tell(`${file} is damaged from byte ${end} on. The ${lost} bytes from there are in ${file}.damaged.`);
  } else {
    tell(`${file} ends in the middle of a record, which was never acknowledged: it is cut off.`);
  }
  truncateSync(file, end);
}
