import {
  type Measurements,
  NUMBER_COLUMNS,
  type NumberColumn,
  type Penguin,
  TEXT_COLUMNS,
  type TextColumn,
} from './table';

/** What was learnt of a number column: what stands in for a missing value, and how to scale. */
export interface NumberFeature {
  readonly column: NumberColumn;
  readonly median: number;
  readonly mean: number;
  readonly deviation: number;
}

/** What was learnt of a text column. '' is among the categories if values were missing in training. */
export interface TextFeature {
  readonly column: TextColumn;
  readonly categories: readonly string[];
}

/** How a row becomes a vector: first the scaled numbers, then one 0 or 1 for each category. */
export interface Features {
  readonly numbers: readonly NumberFeature[];
  readonly texts: readonly TextFeature[];
}

export function fitFeatures(penguins: readonly Penguin[]): Features {
  return {
    numbers: NUMBER_COLUMNS.map((column) => fitNumber(column, penguins)),
    texts: TEXT_COLUMNS.map((column) => fitText(column, penguins)),
  };
}

function fitNumber(column: NumberColumn, penguins: readonly Penguin[]): NumberFeature {
  const values = penguins.map(({ measured }) => measured[column]);
  const median = medianOf(values.filter((value) => !Number.isNaN(value)));
  const filled = values.map((value) => (Number.isNaN(value) ? median : value));
  const mean = meanOf(filled);
  const deviation = Math.sqrt(meanOf(filled.map((value) => (value - mean) ** 2)));
  return { column, median, mean, deviation: deviation || 1 };
}

function fitText(column: TextColumn, penguins: readonly Penguin[]): TextFeature {
  return { column, categories: [...new Set(penguins.map(({ measured }) => measured[column]))].sort() };
}

/** One row as a vector. A text that was not seen in training is no category: all its places are 0. */
export function vectorOf(features: Features, measured: Measurements): number[] {
  const numbers = features.numbers.map(({ column, median, mean, deviation }) => {
    const value = measured[column];
    return ((Number.isNaN(value) ? median : value) - mean) / deviation;
  });
  const texts = features.texts.flatMap(({ column, categories }) =>
    categories.map((category) => (category === measured[column] ? 1 : 0)),
  );
  return [...numbers, ...texts];
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const lower = Math.ceil(sorted.length / 2) - 1;
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}
