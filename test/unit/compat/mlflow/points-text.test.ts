import { jsonText } from '../../../../src/compat/mlflow/answer-json';
import { PointsText } from '../../../../src/compat/mlflow/points-text';

const columns = (values: readonly number[]) => ({
  steps: BigInt64Array.from(values, (_, row) => BigInt(row) - 2n ** 62n),
  values: Float64Array.from(values),
  timestamps: BigInt64Array.from(values, (_, row) => 1_764_400_000_000n + BigInt(row)),
});

test('points are written as every other JSON of this door', () => {
  const values = [0, -0, NaN, -Infinity, Infinity, 5e-324, -1.7976931348623157e308, 0.1];
  const { steps, timestamps } = columns(values);
  for (const key of ['loss', 'Verlust "größer" \u{1f600}\n'])
    for (const runId of [undefined, 'run-ü']) {
      const points = new PointsText();
      points.add(key, columns(values), runId);
      points.add(key, columns([]), runId);
      points.add(key, columns([7]), runId);
      expect(points.count).toBe(9);
      const objects = [...values, 7].map((value, row) => {
        const at = row < values.length ? row : 0;
        return { key, value, timestamp: timestamps[at], step: steps[at], run_id: runId };
      });
      const text = points.list()?.text ?? '';
      expect(text).toMatch(/^[ -~]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(jsonText(objects)));
      expect(text.length).toBe(asciiOf(jsonText(objects)).length);
    }
});

test('no points are no list', () => {
  expect(new PointsText().list()).toBeUndefined();
});

const asciiOf = (text: string) => text.replace(/[^ -~]/g, '\\u0000');
