import fc from 'fast-check';
import type { WorkerState } from '../../../../src/serving/execution/backend';
import { Instances } from '../../../../src/serving/worker/instances';

const MODEL = 'a'.repeat(64);

function worker(id: number, state: WorkerState = 'idle', held: readonly string[] = [], hasRoom = false) {
  return {
    id,
    state,
    has: (sha256: string) => held.includes(sha256),
    room: { mayBring: () => hasRoom, isComing: () => false },
  };
}
const workers = (count: number, state: (id: number) => WorkerState = () => 'idle') =>
  Array.from({ length: count }, (_, id) => worker(id, state(id)));
const idsOf = (some: readonly { readonly id: number }[]) => some.map(({ id }) => id).toSorted();

function limited(most: number, sha256 = MODEL): Instances {
  const instances = new Instances();
  instances.replace(new Map([[sha256, most]]));
  return instances;
}

test('without a limit every worker may run a model that none of them holds', () => {
  expect(new Instances().runners(MODEL, workers(3))).toHaveLength(3);
  expect(limited(1, 'another').runners(MODEL, workers(3))).toHaveLength(3);
});

test('a model that some hold is run by them, and by those that have room for it; not where they are down', () => {
  const all = [
    worker(0),
    worker(1, 'busy', [MODEL]),
    worker(2, 'idle', [], true),
    worker(3, 'idle', [MODEL]),
  ];
  expect(idsOf(new Instances().runners(MODEL, all))).toEqual([1, 2, 3]);
  const [first, , third] = all.map((one) => ({
    ...one,
    room: { mayBring: () => false, isComing: () => false },
  }));
  if (!first || !third) throw new Error('There are four.');
  expect(idsOf(new Instances().runners(MODEL, [first, worker(1, 'down', [MODEL]), third]))).toEqual([0, 2]);
});

test('as many workers as wanted are to hold a model, and the others stay where they are when one comes or goes', () => {
  const many = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(many, many, fc.string(), (count, most, sha256) => {
      const instances = limited(most, sha256);
      const all = workers(count);
      const chosen = instances.of(sha256, all, count);
      expect(chosen).toHaveLength(Math.min(most, count));
      for (const lost of chosen) {
        const rest = instances.of(
          sha256,
          all.filter((one) => one !== lost),
          count,
        );
        expect(rest).toHaveLength(Math.min(most, count - 1));
        for (const one of chosen) if (one !== lost) expect(rest).toContain(one);
      }
    }),
  );
});

test('models of one instance are spread over the workers', () => {
  const instances = new Instances();
  const names = Array.from({ length: 40 }, (_, at) => `model ${at}`);
  instances.replace(new Map(names.map((name) => [name, 1])));
  const used = new Set(names.flatMap((name) => idsOf(instances.of(name, workers(4), 4))));
  expect(used.size).toBe(4);
});

test('a worker that is down is stood in for, and those that hold the model go before those that only are to', () => {
  const instances = limited(1);
  const [home] = idsOf(instances.runners(MODEL, workers(3)));
  const [standIn] = idsOf(
    instances.runners(
      MODEL,
      workers(3, (id) => (id === home ? 'down' : 'idle')),
    ),
  );
  expect(standIn).not.toBe(home);
  const two = limited(2);
  const [first, second] = idsOf(two.of(MODEL, workers(3), 3));
  const held = workers(3).map(({ id }) => worker(id, 'idle', id === second ? [MODEL] : []));
  expect(idsOf(two.runners(MODEL, held))).toEqual([second]);
  expect(first).not.toBe(second);
});

test('a worker is to let go of a model only where another one has it that is to', () => {
  const instances = limited(1);
  const [home] = idsOf(instances.of(MODEL, workers(2), 2));
  const everywhere = [worker(0, 'idle', [MODEL]), worker(1, 'busy', [MODEL])];
  expect(everywhere.filter((one) => instances.isStray(one, MODEL, everywhere)).map(({ id }) => id)).toEqual([
    1 - (home ?? 0),
  ]);
  const misplaced = workers(2).map(({ id }) => worker(id, 'idle', id === home ? [] : [MODEL]));
  expect(misplaced.filter((one) => instances.isStray(one, MODEL, misplaced))).toEqual([]);
});
