import {
  drawBetaLogOdds,
  drawLogGamma,
  drawNormal,
  drawStudent,
} from '../../../../src/serving/routing/random-draws';
import { seededRandom } from '../../../support/seeded-random';

const COUNT = 40_000;
function momentsOf(draw: () => number): { readonly mean: number; readonly variance: number } {
  const values = Array.from({ length: COUNT }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT };
}
const random = seededRandom(1);
const drawBeta = (alpha: number, beta: number) => 1 / (1 + Math.exp(-drawBetaLogOdds(alpha, beta, random)));

test('normal numbers have mean 0 and variance 1', () => {
  const { mean, variance } = momentsOf(() => drawNormal(random));
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
});

test.each([0.2, 1, 7.5])('gamma numbers of shape %d have it as mean and variance', (shape) => {
  const { mean, variance } = momentsOf(() => Math.exp(drawLogGamma(shape, random)));
  expect(mean / shape).toBeCloseTo(1, 1);
  expect(variance / shape).toBeCloseTo(1, 1);
});

test.each([
  [1, 1],
  [0.05, 1.95],
  [30, 70],
])('beta numbers of %d and %d have the mean and the variance they should', (alpha, beta) => {
  const { mean, variance } = momentsOf(() => drawBeta(alpha, beta));
  const sum = alpha + beta;
  expect(mean / (alpha / sum)).toBeCloseTo(1, 1);
  expect(variance / ((alpha * beta) / (sum ** 2 * (sum + 1)))).toBeCloseTo(1, 1);
});

test('Student’s t with many degrees of freedom has variance d / (d - 2)', () => {
  const { mean, variance } = momentsOf(() => drawStudent(12, random));
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1.2, 1);
});

test('no two draws are the same, however small the shapes', () => {
  const draws = Array.from({ length: 10_000 }, () => drawBetaLogOdds(1e-6, 2, random));
  expect(draws.every(Number.isFinite)).toBe(true);
  expect(new Set(draws).size).toBe(draws.length);
});
