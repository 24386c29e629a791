import fc from 'fast-check';
import { parseReference } from '../../../src/registry/reference';

test('a name and an alias', () => {
  expect(parseReference('fraud@candidate')).toEqual({
    model: 'fraud',
    target: { kind: 'alias', alias: 'candidate' },
  });
});

test('a name and a version', () => {
  const number = { major: 2, minor: 1, pipeline: 0 };
  expect(parseReference('card fraud@2.1.0')).toEqual({
    model: 'card fraud',
    target: { kind: 'number', number },
  });
});

test('a name and a place in the order of registration', () => {
  expect(parseReference('fraud@3')).toEqual({ model: 'fraud', target: { kind: 'ordinal', ordinal: 3 } });
});

test('a name alone means its alias production', () => {
  expect(parseReference('fraud')).toEqual({ model: 'fraud', target: { kind: 'alias', alias: 'production' } });
});

test.each([
  '',
  '@production',
  'fraud@',
  'fraud@a@b',
  'fraud@latest',
  'fraud@0',
  'fraud@03',
  'fraud@v3',
  'fraud@1.2',
  'fraud@-1.0.0',
  '../etc',
  'a/b@production',
  ' fraud',
  'fraud ',
  'fr\0aud',
  'fraud@pro duction',
  `${'x'.repeat(256)}@production`,
])('“%s” names nothing', (text) => {
  expect(parseReference(text)).toBeNull();
});

test('any text has an answer, and what is named can be written again', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((text) => `m@${text}`),
      ),
      (text) => {
        const reference = parseReference(text);
        if (reference?.target.kind === 'alias' && text.includes('@')) {
          expect(`${reference.model}@${reference.target.alias}`).toBe(text);
        }
      },
    ),
  );
});
