import { train } from '../../../examples/penguins/classifier';
import { accuracy, logLoss } from '../../../examples/penguins/metrics';
import { misledTraining } from '../../../examples/penguins/trainings';
import { splitWithSeed, trained } from './penguins';

const rows = splitWithSeed(2);

test('every epoch of the first ten lowers the log loss, on both parts', () => {
  const history = [...train(rows, { epochs: 10, learningRate: 0.05, batchSize: 32, seed: 1 })];
  for (const [i, { trainLogLoss, valLogLoss }] of history.slice(1).entries()) {
    expect(trainLogLoss).toBeLessThan(history[i]?.trainLogLoss ?? 0);
    expect(valLogLoss).toBeLessThan(history[i]?.valLogLoss ?? 0);
  }
});

test('200 epochs halve the log loss of 20 at least, and both pass the limit on accuracy', () => {
  const [first, better] = [trained(rows, 20), trained(rows, 200)];
  expect(better.valLogLoss).toBeLessThan(first.valLogLoss / 2);
  expect(first.valAccuracy).toBeGreaterThan(0.9);
  expect(better.valAccuracy).toBeGreaterThan(0.9);
});

test('the same seed trains the same classifier', () => {
  expect(trained(rows, 5).classifier).toEqual(trained(rows, 5).classifier);
});

test('what was learnt from shuffled species fails the limit on accuracy, whatever the seed', () => {
  for (const seed of [1, 4, 7, 10, 13]) {
    const misled = misledTraining(rows, seed);
    const last = [...train(misled.rows, misled.options)].at(-1);
    expect(last?.valAccuracy).toBeLessThan(0.9);
  }
});

test('log loss and accuracy are those of the definition', () => {
  const probabilities = [
    [0.5, 0.25, 0.25],
    [0.25, 0.25, 0.5],
  ];
  expect(logLoss(probabilities, [0, 1])).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 12);
  expect(accuracy(probabilities, [0, 1])).toBe(0.5);
  expect(logLoss([[0, 1]], [0])).toBeGreaterThan(30);
});
