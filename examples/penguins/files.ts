import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The table that comes with this example. Built code lies in `dist/`, the table stays where it was written. */
export function penguinsCsvFile(): string {
  return join(projectFolder(__dirname), 'examples/penguins/penguins.csv');
}

/** The nearest folder above with a package.json. */
function projectFolder(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error(`No package.json in or above ${__dirname}.`);
  return projectFolder(dirname(folder));
}
