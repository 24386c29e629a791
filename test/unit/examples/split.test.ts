import { speciesOf, toCsv } from '../../../examples/penguins/table';
import { csv, penguins, splitWithSeed } from './penguins';

test('the table is written exactly as it was read', () => {
  expect(toCsv(penguins).equals(csv)).toBe(true);
});

test('the same seed splits the table into the same bytes, another seed into others', () => {
  const [once, again, other] = [splitWithSeed(2), splitWithSeed(2), splitWithSeed(3)];
  expect(toCsv(again.holdout).equals(toCsv(once.holdout))).toBe(true);
  expect(toCsv(other.holdout).equals(toCsv(once.holdout))).toBe(false);
});

test('every penguin is in exactly one part', () => {
  const { train, holdout } = splitWithSeed(2);
  const both = new Set([...train, ...holdout]);
  expect(both.size).toBe(penguins.length);
  expect(train.length + holdout.length).toBe(penguins.length);
});

test('a fifth of each species is held out', () => {
  const { holdout } = splitWithSeed(2);
  for (const species of speciesOf(penguins)) {
    const all = penguins.filter((penguin) => penguin.species === species).length;
    const aside = holdout.filter((penguin) => penguin.species === species).length;
    expect(aside).toBe(Math.round(all * 0.2));
  }
});
