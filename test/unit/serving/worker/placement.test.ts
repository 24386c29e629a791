import * as fc from 'fast-check';
import {
  placedSize,
  placeModels,
  rankPlaces,
  type Place,
  type Placement,
  type PlacedModel,
} from '../../../../src/serving/worker/placement';

const MEGABYTE = 1e6;
const sha = (seed: number) => String(seed).padStart(64, '0');

const models = fc.uniqueArray(
  fc
    .record({
      sha256: fc.integer({ min: 0, max: 999 }).map(sha),
      fileBytes: fc.integer({ min: 1, max: 50 }).map((size) => size * MEGABYTE),
    })
    .map(({ sha256, fileBytes }) => ({ sha256, ...placedSize(fileBytes) })),
  { selector: ({ sha256 }) => sha256, maxLength: 12 },
);
const places = fc.uniqueArray(
  fc.record({
    name: fc.integer({ min: 0, max: 99 }).map((host) => `10.0.0.${host}:4001`),
    budgetBytes: fc.integer({ min: 0, max: 200 }).map((size) => size * MEGABYTE),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
);
const copiesOf = (placed: ReadonlyMap<string, Placement>, { sha256 }: PlacedModel) =>
  placed.get(sha256)?.names ?? [];
/** Of models that take no more while they are loaded. */
const plain = (seed: number, megabytes: number) => ({
  ...{ sha256: sha(seed), bytes: megabytes * MEGABYTE, peakBytes: megabytes * MEGABYTE },
});

test('everybody decides the same, in whatever order workers and models are told', () => {
  fc.assert(
    fc.property(
      models.chain((some) =>
        fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
      ),
      places.chain((some) =>
        fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
      ),
      ([model, models2], [place, places2]) => {
        const one = placeModels(model, place);
        const other = placeModels(models2, places2);
        for (const { sha256 } of model) expect(other.get(sha256)).toEqual(one.get(sha256));
      },
    ),
  );
});

test('no worker is given more than its memory, also while it loads any of them, but what fits nowhere', () => {
  fc.assert(
    fc.property(models, places, (some, where) => {
      const placed = placeModels(some, where);
      for (const { name, budgetBytes } of where) {
        const here = some.filter((model) => copiesOf(placed, model).includes(name));
        const fitting = here.filter(({ sha256 }) => placed.get(sha256)?.fits);
        // Whichever of them is loaded last.
        for (const last of fitting) {
          const others = fitting.filter((one) => one !== last).reduce((sum, { bytes }) => sum + bytes, 0);
          expect(others + last.peakBytes).toBeLessThanOrEqual(budgetBytes);
        }
        for (const model of here)
          if (!fitting.includes(model)) expect(copiesOf(placed, model)).toHaveLength(1);
      }
    }),
  );
});

test('every model is somewhere, and never twice at the same worker', () => {
  fc.assert(
    fc.property(models, places, (some, where) => {
      const placed = placeModels(some, where);
      for (const model of some) {
        const chosen = copiesOf(placed, model);
        expect(chosen.length).toBeGreaterThan(0);
        expect(new Set(chosen).size).toBe(chosen.length);
      }
    }),
  );
});

test('with memory for two copies of each, none has a third before every one has two', () => {
  const where: Place[] = ['a', 'b', 'c'].map((name) => ({ name, budgetBytes: 20 * MEGABYTE }));
  const some = [1, 2, 3].map((seed) => plain(seed, 10));
  const placed = placeModels(some, where);
  expect(some.map((model) => copiesOf(placed, model).length)).toEqual([2, 2, 2]);
});

test('where there is memory, all workers hold a model, since each of them answers', () => {
  const where = ['a', 'b', 'c'].map((name) => ({ name, budgetBytes: 100 * MEGABYTE }));
  const model = { sha256: sha(1), ...placedSize(MEGABYTE) };
  expect([...copiesOf(placeModels([model], where), model)].sort()).toEqual(['a', 'b', 'c']);
});

test('a worker that comes or goes moves no model between the others in the ranks', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), places, (seed, where) => {
      const names = where.map(({ name }) => name);
      const [gone, ...others] = names;
      expect(rankPlaces(sha(seed), names).filter((name) => name !== gone)).toEqual(
        rankPlaces(sha(seed), others),
      );
    }),
  );
});

test('models are spread: no worker is the first choice of all', () => {
  const names = ['a', 'b', 'c', 'd'];
  const first = Array.from({ length: 400 }, (_, seed) => rankPlaces(sha(seed), names)[0]);
  for (const name of names) expect(first.filter((one) => one === name).length).toBeGreaterThan(60);
});

test('a model has no more copies than it may have, and the others take the room', () => {
  const nodes = ['one', 'two', 'three'].map((name) => ({ name, budgetBytes: 10 * MEGABYTE }));
  const few = { ...plain(1, 6), copies: 1 };
  const many = plain(2, 6);
  const placed = placeModels([few, many], nodes);
  expect(copiesOf(placed, few)).toHaveLength(1);
  expect(copiesOf(placed, many)).toHaveLength(2);
  expect(copiesOf(placed, many)).not.toContain(copiesOf(placed, few)[0]);
});
