import { seededRandom, shuffled } from './random';
import type { Training } from './steps/train-run';
import type { Penguin, Split } from './table';

const OPTIONS = { learningRate: 0.05, batchSize: 32 } as const;
const FEW_EPOCHS = 20;
const MANY_EPOCHS = 200;

export const firstTraining = (rows: Split, seed: number): Training => ({
  name: `${FEW_EPOCHS} epochs`,
  rows,
  options: { ...OPTIONS, epochs: FEW_EPOCHS, seed },
});

/** The same as the first, only ten times as long. */
export const longerTraining = (rows: Split, seed: number): Training => ({
  name: `${MANY_EPOCHS} epochs`,
  rows,
  options: { ...OPTIONS, epochs: MANY_EPOCHS, seed },
});

/** A mistake as it happens: after a wrong join the species belong to other birds. The hold-out is right. */
export const misledTraining = (rows: Split, seed: number): Training => ({
  name: `${FEW_EPOCHS} epochs, species shuffled`,
  rows: { train: withShuffledSpecies(rows.train, seed), holdout: rows.holdout },
  options: { ...OPTIONS, epochs: FEW_EPOCHS, seed },
});

function withShuffledSpecies(birds: readonly Penguin[], seed: number): Penguin[] {
  const species = shuffled(
    birds.map((bird) => bird.species),
    seededRandom(seed),
  );
  return birds.map((bird, i) => ({ ...bird, species: species[i] ?? bird.species }));
}
