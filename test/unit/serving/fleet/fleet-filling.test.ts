import { createLogger } from '../../../../src/kernel/logger';
import type { ModelFile } from '../../../../src/serving/execution/backend';
import { FleetFilling } from '../../../../src/serving/fleet/fleet-filling';
import { FleetPlan } from '../../../../src/serving/fleet/fleet-plan';
import type { WorkerLink } from '../../../../src/serving/fleet/worker-link';

const MEGABYTE = 1e6;
const MODEL_BYTES = 100 * MEGABYTE;
const file = (name: string): ModelFile => ({
  ...{ sha256: name.repeat(64), sizeBytes: MODEL_BYTES },
  lease: () => Promise.reject(new Error('Nobody reads it here.')),
});

/** Workers that hold one model at a time: the next one takes the place of the last. */
function workers(names: readonly string[]) {
  const held = new Map<string, string>();
  const loads: string[] = [];
  const links = names.map((name) => ({
    name,
    holds: (sha256: string) => held.get(name) === sha256,
    load: (sha256: string) => {
      held.set(name, sha256);
      loads.push(`${name} ${sha256.slice(0, 1)}`);
      return Promise.resolve();
    },
  }));
  return { loads, links: links as unknown as readonly WorkerLink[] };
}

test.each([
  ['one worker', ['one'], 3.5, 1],
  ['two workers, and two models', ['one', 'two'], 3.5, 2],
  ['room for both as they are kept, and not as they are loaded', ['one', 'two'], 4, 2],
])('%s: nothing is loaded again and again that makes way for another', async (_what, names, room, count) => {
  const { loads, links } = workers(names);
  const plan = new FleetPlan(() => names.map((name) => ({ name, budgetBytes: room * MODEL_BYTES })));
  const filling = new FleetFilling({
    ...{ plan, logger: createLogger('silent') },
    open: () => links,
    isLoading: () => false,
  });
  await plan.lease(['a', 'b'].map((name) => ({ file: file(name), rows: 1 })));
  for (let look = 0; look < 5; look++) {
    filling.look();
    await new Promise(setImmediate);
  }
  expect(loads).toHaveLength(count);
  expect(new Set(loads.map((load) => load.split(' ')[1])).size).toBe(count);
});
