import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { newId } from '../../../../src/kernel/ids';
import type { ModelVersionId } from '../../../../src/registry/registry';
import type { EndpointId } from '../../../../src/serving/endpoints/endpoint';
import { PredictionIds, readPredictionId } from '../../../../src/serving/feedback/prediction-id';

const secret = randomBytes(32);
const source = {
  endpointId: newId() as EndpointId,
  versionId: newId() as ModelVersionId,
  variant: 'fraud@candidate',
};

test('an id says who has answered, how, and when', () => {
  const ids = new PredictionIds(secret, source);
  const before = Date.now();
  for (const byRule of [false, true]) {
    const read = readPredictionId(secret, ids.next(byRule));
    expect(read).toMatchObject({ source: { ...source, byRule } });
    expect(read?.predictedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(read?.predictedAt.getTime()).toBeLessThanOrEqual(Date.now());
  }
});

test('no two ids are the same, and only their first part differs', () => {
  const ids = new PredictionIds(secret, source);
  const made = Array.from({ length: 1_000 }, () => ids.next(false).split('.'));
  expect(new Set(made.map(([uuid]) => uuid)).size).toBe(1_000);
  expect(new Set(made.map(([, mark]) => mark)).size).toBe(1);
});

test('any name of a variant comes back, the longest too', () => {
  const names = fc.string({ minLength: 1, maxLength: 511, unit: 'binary' });
  fc.assert(
    fc.property(names, (variant) => {
      const id = new PredictionIds(secret, { ...source, variant }).next(false);
      expect(readPredictionId(secret, id)?.source.variant).toBe(variant);
    }),
  );
});

test('an id of another project’s key is none of ours', () => {
  const theirs = new PredictionIds(randomBytes(32), source).next(false);
  expect(readPredictionId(secret, theirs)).toBeNull();
});

test('whatever is changed in the mark, it is no id any more', () => {
  const [uuid, mark = ''] = new PredictionIds(secret, source).next(false).split('.');
  const bytes = Buffer.from(mark, 'base64url');
  for (let place = 0; place < bytes.length; place += 1) {
    const changed = Buffer.from(bytes);
    changed[place] = (changed[place] ?? 0) ^ 1;
    expect(readPredictionId(secret, `${uuid}.${changed.toString('base64url')}`)).toBeNull();
  }
});

test.each([
  ['nothing', ''],
  ['a bare UUID', newId()],
  ['a UUID that does not say its time', `6ba7b810-9dad-41d1-80b4-00c04fd430c8.${'A'.repeat(80)}`],
  ['a mark without a UUID', `.${'A'.repeat(80)}`],
  ['a mark that is too short', `${newId()}.AAAA`],
  ['something endless', `${newId()}.${'A'.repeat(100_000)}`],
])('%s is no id', (_what, text) => expect(readPredictionId(secret, text)).toBeNull());
