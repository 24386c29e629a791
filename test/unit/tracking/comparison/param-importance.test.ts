import { importances } from '../../../../src/tracking/comparison/param-importance';
import { seededRandom } from '../../../support/seeded-random';

const random = seededRandom(3);
const ROWS = Array.from({ length: 80 }, () => ({
  strong: random(),
  weak: random(),
  model: ['cnn', 'vit', 'tree'][Math.floor(random() * 3)] ?? '',
  noise: random(),
}));
const columns = [
  ROWS.map(({ strong }) => strong),
  ROWS.map(({ weak }) => weak),
  ROWS.map(({ model }) => model),
  ROWS.map(({ noise }) => noise),
];

test('what the target is made of is important by its share, and noise is not', () => {
  const [strong = 0, weak = 0, model = 0, noise = 1] = importances(
    columns,
    ROWS.map((row) => 10 * row.strong + 2 * row.weak),
  );
  expect(strong).toBeGreaterThan(0.8);
  expect(weak).toBeGreaterThan(noise);
  expect(strong + weak + model + noise).toBeCloseTo(1, 9);
  expect(noise).toBeLessThan(0.05);
});

test('a text explains as well as a number, and so does a relation that no correlation finds', () => {
  const byModel = importances(
    columns,
    ROWS.map(({ model }) => (model === 'vit' ? 1e9 : 1e9 + 1)),
  );
  expect(byModel[2]).toBeGreaterThan(0.9);
  const byDistance = importances(
    columns,
    ROWS.map(({ weak }) => (weak - 0.5) ** 2),
  );
  expect(byDistance[1]).toBeGreaterThan(0.9);
});

test('being without a param may be what matters', () => {
  const dropout = ROWS.map((_, row) => (row % 2 === 0 ? 0.1 + (row % 3) / 10 : null));
  const found = importances(
    [dropout, ...columns],
    ROWS.map((_, row) => row % 2),
  );
  expect(found[0]).toBeGreaterThan(0.9);
});

test('the same runs give the same importances', () => {
  const target = ROWS.map(({ strong, noise }) => strong * noise);
  expect(importances(columns, target)).toEqual(importances(columns, target));
});

test('of few runs, or of a target that does not vary, nothing is told', () => {
  expect(importances([[1, 2, 3, 4]], [1, 2, 3, 4])).toEqual([0]);
  expect(
    importances(
      columns,
      ROWS.map(() => 7),
    ),
  ).toEqual([0, 0, 0, 0]);
  expect(importances([], [1, 2, 3, 4, 5])).toEqual([]);
});
