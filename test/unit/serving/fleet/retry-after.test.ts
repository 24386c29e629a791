import { Metadata } from '@grpc/grpc-js';
import {
  boundedRetryAfter,
  readRetryAfter,
  writeRetryAfter,
} from '../../../../src/serving/fleet/retry-after';
import { LONGEST_HOLD_MS } from '../../../../src/serving/worker/quarantine';

const said = (value: string): number | undefined => {
  const metadata = new Metadata();
  metadata.set('modelgraph-retry-after-ms', value);
  return readRetryAfter(metadata);
};

test.each([
  [0, 0],
  [1.2, 2],
  [59_999, 59_999],
  [undefined, undefined],
])('%p is told as %p', (retryAfterMs, expected) => {
  const metadata = new Metadata();
  writeRetryAfter(metadata, retryAfterMs);
  expect(readRetryAfter(metadata)).toBe(expected);
});

test('what is no time is none, and nobody is sent away for longer than a model is held back', () => {
  for (const value of ['-1', '1.5', '1e3', 'soon', '']) expect(said(value)).toBeUndefined();
  expect(said('9'.repeat(400))).toBe(LONGEST_HOLD_MS);
  for (const value of ['60000', null, NaN, -1, {}]) expect(boundedRetryAfter(value)).toBeUndefined();
  expect(boundedRetryAfter(Infinity)).toBe(LONGEST_HOLD_MS);
});
