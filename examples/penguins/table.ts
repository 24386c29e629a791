import { parse } from 'csv-parse/sync';
import { type Random, shuffled } from './random';

export const TEXT_COLUMNS = ['island', 'sex'] as const;
export const NUMBER_COLUMNS = [
  'beak_length_mm',
  'beak_depth_mm',
  'flipper_length_mm',
  'body_mass_g',
] as const;
export const TARGET = 'species';

export type TextColumn = (typeof TEXT_COLUMNS)[number];
export type NumberColumn = (typeof NUMBER_COLUMNS)[number];

/** What is measured of one bird. A missing text is the empty string, a missing number is NaN. */
export type Measurements = Readonly<Record<TextColumn, string> & Record<NumberColumn, number>>;

/** One row of the table: what is measured, and the species, which is to be predicted. */
export interface Penguin {
  readonly species: string;
  readonly measured: Measurements;
}

export interface Split {
  readonly train: readonly Penguin[];
  readonly holdout: readonly Penguin[];
}

/** Reads the table as it was published: a header, and empty cells where something was not measured. */
export function parsePenguins(csv: string | Buffer): Penguin[] {
  const records = parse<Record<string, string>>(csv, { columns: true, skip_empty_lines: true });
  return records.map((record) => ({ species: record[TARGET] ?? '', measured: measurementsOf(record) }));
}

function measurementsOf(record: Record<string, string>): Measurements {
  const text = (column: TextColumn) => record[column] ?? '';
  const number = (column: NumberColumn) => (record[column] ? Number(record[column]) : NaN);
  return {
    island: text('island'),
    beak_length_mm: number('beak_length_mm'),
    beak_depth_mm: number('beak_depth_mm'),
    flipper_length_mm: number('flipper_length_mm'),
    body_mass_g: number('body_mass_g'),
    sex: text('sex'),
  };
}

/** Writes rows as CSV, in the column order of the published table. */
export function toCsv(penguins: readonly Penguin[]): Buffer {
  const header = [TARGET, 'island', ...NUMBER_COLUMNS, 'sex'].join(',');
  const lines = penguins.map(({ species, measured }) =>
    [species, measured.island, ...NUMBER_COLUMNS.map((column) => cell(measured[column])), measured.sex].join(
      ',',
    ),
  );
  return Buffer.from([header, ...lines, ''].join('\n'));
}

const cell = (value: number) => (Number.isNaN(value) ? '' : String(value));

/** A row as applications send it: the raw columns, null where something was not measured. */
export function toJsonRow(measured: Measurements): Record<string, string | number | null> {
  return Object.fromEntries(Object.entries(measured).map(([column, value]) => [column, orNull(value)]));
}

const orNull = (value: string | number) => (value === '' || Number.isNaN(value) ? null : value);

/** Sets `fraction` of each species aside, drawn at random; both parts keep the order of the table. */
export function splitBySpecies(penguins: readonly Penguin[], fraction: number, random: Random): Split {
  const aside = new Set<Penguin>();
  for (const species of speciesOf(penguins)) {
    const birds = penguins.filter((penguin) => penguin.species === species);
    for (const bird of shuffled(birds, random).slice(0, Math.round(birds.length * fraction))) aside.add(bird);
  }
  return {
    train: penguins.filter((penguin) => !aside.has(penguin)),
    holdout: penguins.filter((penguin) => aside.has(penguin)),
  };
}

/** The classes, in alphabetical order: the order of every list of probabilities. */
export function speciesOf(penguins: readonly Penguin[]): string[] {
  return [...new Set(penguins.map((penguin) => penguin.species))].sort();
}
