import { InputCheck } from '../../../src/kernel/input-check';

const nameError = (name: string) => new InputCheck().name('name', name).result();
const aliasError = (name: string) => new InputCheck().aliasName('alias', name).result();
const endpointError = (name: string) => new InputCheck().endpointName('name', name).result();

test.each(['fraud', 'Fraud Model 2', 'größe', 'a'.repeat(255), '../x'.replaceAll('/', '')])(
  '“%s” names a model',
  (name) => {
    expect(nameError(name)).toBeNull();
  },
);

test.each(['', ' fraud', 'fraud ', 'a/b', 'a\\b', 'a:b', 'a@b', 'a\nb', 'a\0b', 'a'.repeat(256), '\ud800'])(
  '%j names no model',
  (name) => {
    expect(nameError(name)).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: 'name' }] });
  },
);

test.each(['production', 'candidate', 'a_b-C9'])('“%s” is an alias', (name) =>
  expect(aliasError(name)).toBeNull(),
);

test.each(['latest', 'LATEST', '1', 'v12', '1.2.3', '', 'a b', 'a/b'])('“%s” is no alias', (name) => {
  expect(aliasError(name)).not.toBeNull();
});

test.each(['penguins', 'a.b_c-9', '9'])('“%s” is an endpoint', (name) =>
  expect(endpointError(name)).toBeNull(),
);
test.each(['', '-a', '.a', 'a b', 'a/b', 'a'.repeat(129)])('“%s” is no endpoint', (name) => {
  expect(endpointError(name)).not.toBeNull();
});

test('a huge text is described, not repeated', () => {
  const error = new InputCheck().text('key', 'x'.repeat(10_000_000), 250).result();
  expect(error).toMatchObject({
    issues: [{ path: 'key', expected: 'at most 250 characters', actual: '10000000 characters' }],
  });
  expect(JSON.stringify(nameError('x'.repeat(10_000_000))).length).toBeLessThan(2_000);
});

test('everything that is wrong is told at once', () => {
  const error = new InputCheck().text('a', '', 5).optionalText('b', 'x\0', 5).count('c', 9, 3).result();
  expect(error?.issues.map(({ path }) => path)).toEqual(['a', 'b', 'c']);
});
