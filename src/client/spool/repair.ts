import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readFrames } from './frames';

/** Behind the name of a file, of what in it was damaged. */
const SUFFIX = '.damaged';

/** How many files of a spool were damaged: what was damaged in them is kept. */
export const damagedIn = (folder: string): number =>
  readdirSync(folder).filter((name) => name.endsWith(SUFFIX)).length;

/**
 * Cuts what is no whole frame off the end of a file that nobody writes any more. A frame that is not all there is what
 * a kill in the middle of a write leaves: its `log` never returned. Anything else is damage: it is kept beside the
 * file, with `.damaged` behind its name, and told.
 */
export function mended(file: string, tell: (sentence: string) => void): void {
  const bytes = readFileSync(file);
  const { end, rest } = readFrames(bytes);
  if (rest === 'none') return;
  if (rest === 'damaged') {
    writeFileSync(`${file}${SUFFIX}`, bytes.subarray(end), { mode: 0o600, flush: true });
    const lost = bytes.length - end;
    tell(`${file} is damaged from byte ${end} on. The ${lost} bytes from there are in ${file}${SUFFIX}.`);
  } else {
    tell(`${file} ends in the middle of a record, which was never acknowledged: it is cut off.`);
  }
  truncateSync(file, end);
}
