import { compareWithTrainer, LARGEST_DIFFERENCE } from '../../../examples/penguins/onnx-check';
import { onnxModel } from '../../../examples/penguins/onnx-model';
import type { Measurements } from '../../../examples/penguins/table';
import { splitWithSeed, trained } from './penguins';

const rows = splitWithSeed(2);
const { classifier } = trained(rows, 200);
const onnx = onnxModel(classifier);

const bird: Measurements = {
  island: 'Biscoe',
  beak_length_mm: 46.1,
  beak_depth_mm: 13.2,
  flipper_length_mm: 211,
  body_mass_g: 4500,
  sex: 'FEMALE',
};

const unusual: [string, Measurements][] = [
  ['a missing text that was missing in training too', { ...bird, sex: '' }],
  ['a missing text that was never missing in training', { ...bird, island: '' }],
  ['a text that was never seen', { ...bird, island: 'Atlantis', sex: 'UNKNOWN' }],
  ['a missing number', { ...bird, body_mass_g: NaN }],
  [
    'nothing measured at all',
    {
      island: '',
      beak_length_mm: NaN,
      beak_depth_mm: NaN,
      flipper_length_mm: NaN,
      body_mass_g: NaN,
      sex: '',
    },
  ],
  ['numbers far from any penguin', { ...bird, body_mass_g: 1e6, beak_length_mm: -1e3 }],
];

test('ONNX answers as the trainer does on the hold-out, where values are missing too', async () => {
  const holdout = rows.holdout.map(({ measured }) => measured);
  expect(holdout.some(({ sex, body_mass_g }) => sex === '' && Number.isNaN(body_mass_g))).toBe(true);
  const agreement = await compareWithTrainer(onnx, classifier, holdout);
  expect(agreement).toMatchObject({ rows: holdout.length, labelsDiffering: 0 });
  expect(agreement.largestDifference).toBeLessThanOrEqual(LARGEST_DIFFERENCE);
});

test.each(unusual)('ONNX answers as the trainer does for %s', async (_, measured) => {
  const agreement = await compareWithTrainer(onnx, classifier, [measured]);
  expect(agreement.labelsDiffering).toBe(0);
  expect(agreement.largestDifference).toBeLessThanOrEqual(LARGEST_DIFFERENCE);
});

test('the same classifier gives the same bytes, another classifier others', () => {
  expect(Buffer.from(onnxModel(classifier)).equals(onnx)).toBe(true);
  expect(Buffer.from(onnxModel(trained(rows, 20).classifier)).equals(onnx)).toBe(false);
});

test('a file that is not of this classifier is told apart', async () => {
  const { largestDifference } = await compareWithTrainer(onnx, trained(rows, 20).classifier, [bird]);
  expect(largestDifference).toBeGreaterThan(LARGEST_DIFFERENCE);
});
