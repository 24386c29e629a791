import fc from 'fast-check';
import { pickVariant } from '../../../../src/serving/routing/traffic-split';

const variants = [
  { name: 'champion', weight: 90 },
  { name: 'challenger', weight: 10 },
];

test('without a key the weights decide', () => {
  expect(pickVariant(variants, null, 0.899).name).toBe('champion');
  expect(pickVariant(variants, null, 0.9).name).toBe('challenger');
});

test('a variant without weight is never picked', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.option(fc.string()),
      (random, key) => {
        const picked = pickVariant([{ name: 'off', weight: 0 }, ...variants], key, random);
        expect(picked.name).not.toBe('off');
      },
    ),
  );
});

test('keys are shared out by weight, and the same key stays where it is', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `customer-${index}`);
  const share =
    keys.filter((key) => pickVariant(variants, key, 0).name === 'challenger').length / keys.length;
  expect(share).toBeGreaterThan(0.09);
  expect(share).toBeLessThan(0.11);
  expect(pickVariant(variants, 'customer-1', 0.1)).toBe(pickVariant(variants, 'customer-1', 0.99));
});

test('a small change of the weights moves few keys, and only towards what grew', () => {
  const grown = [
    { name: 'champion', weight: 85 },
    { name: 'challenger', weight: 15 },
  ];
  const keys = Array.from({ length: 20_000 }, (_, index) => `customer-${index}`);
  const moved = keys.filter((key) => pickVariant(variants, key, 0).name !== pickVariant(grown, key, 0).name);
  expect(moved.length / keys.length).toBeLessThan(0.07);
  expect(moved.every((key) => pickVariant(grown, key, 0).name === 'challenger')).toBe(true);
});
