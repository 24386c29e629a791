import { readFileSync } from 'node:fs';
import { type Epoch, train } from '../../../examples/penguins/classifier';
import { penguinsCsvFile } from '../../../examples/penguins/files';
import { seededRandom } from '../../../examples/penguins/random';
import { type Penguin, parsePenguins, type Split, splitBySpecies } from '../../../examples/penguins/table';

export const csv = readFileSync(penguinsCsvFile());
export const penguins: readonly Penguin[] = parsePenguins(csv);

export const splitWithSeed = (seed: number): Split => splitBySpecies(penguins, 0.2, seededRandom(seed));

/** The last epoch of a training as the demo does it. */
export function trained(rows: Split, epochs: number): Epoch {
  const history = [...train(rows, { epochs, learningRate: 0.05, batchSize: 32, seed: 1 })];
  const last = history.at(-1);
  if (!last) throw new Error('No epoch was trained.');
  return last;
}
