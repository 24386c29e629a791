import { Metadata } from '@grpc/grpc-js';
import { readRunTerms, writeRunTerms, type RunTerms } from '../../../../src/serving/fleet/run-terms';

const plain: RunTerms = { timeoutMs: 1_500, shared: false, suspect: false };

test.each([
  plain,
  { ...plain, shared: true },
  { ...plain, suspect: true },
  { timeoutMs: 0.5, shared: true, suspect: true },
])('%j arrives as it was said', (terms) => {
  const metadata = new Metadata();
  writeRunTerms(metadata, terms);
  expect(readRunTerms(metadata)).toEqual(terms);
});

test('a client that says none of it has a run of its own, with the usual limit', () => {
  expect(readRunTerms(new Metadata())).toEqual({ timeoutMs: 30_000, shared: false, suspect: false });
});

test.each([
  ['modelgraph-timeout-ms', '1e12', { timeoutMs: 600_000 }],
  ['modelgraph-timeout-ms', 'never', { timeoutMs: 30_000 }],
  ['modelgraph-timeout-ms', '-1', { timeoutMs: 30_000 }],
  ['modelgraph-suspect', 'true', { suspect: false }],
  ['modelgraph-shared', '', { shared: false }],
])('%s: %j counts as no more than it may', (key, value, expected) => {
  const metadata = new Metadata();
  metadata.set(key, value);
  expect(readRunTerms(metadata)).toMatchObject(expected);
});
