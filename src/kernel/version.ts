import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const TOP = extname(__filename) === '.ts' ? join(__dirname, '../..') : join(__dirname, '../../..');

/** Of this program, as its package says. */
export const { version: VERSION } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as {
  readonly version: string;
};
