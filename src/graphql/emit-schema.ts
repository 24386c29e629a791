import { readFileSync, writeFileSync } from 'node:fs';
import { createSchema, printSortedSchema } from './schema';

/** `npm run schema` writes schema/schema.graphql; with `--check` it only says whether the file is up to date. */
const FILE = 'schema/schema.graphql';
const text = printSortedSchema(createSchema());
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write(`${FILE} differs from what the code declares. Run “npm run schema” and commit it.\n`);
  process.exitCode = 1;
}
