import { createLogger } from '../../../../src/kernel/logger';
import { RoutingTable, type RoutingInput } from '../../../../src/serving/routing/routing-table';
import type { ProjectId } from '../../../../src/kernel/ids';

/** Over a database without endpoints. */
const tableOver = (parts: Readonly<Record<string, unknown>>): RoutingTable =>
  new RoutingTable({
    database: { query: () => Promise.resolve([]) },
    artifacts: { withFile: () => Promise.resolve(null) },
    registry: { versionsForRouting: () => Promise.resolve([]) },
    backend: { lease: () => undefined, limit: () => undefined, holds: () => false, whyNot: () => null },
    cache: { keepOnly: () => undefined },
    bus: {},
    logger: createLogger('silent'),
    ...parts,
  } as unknown as RoutingInput);

const PROJECT = 'p' as ProjectId;
const version = (id: string) => ({
  ...{ id, ref: `m@${id}`, sha256: id, sizeBytes: 1, format: 'ONNX' },
  signature: { inputs: [], outputs: [], columns: [], labels: null, batchable: false },
});

test('who asks by a reference while its alias moves is told of the version that it has moved to', async () => {
  let production = version('1.0.0');
  const held: (() => void)[] = [];
  let holds = true;
  const registry = {
    versionsForRouting: async () => {
      const found = [production];
      if (holds) await new Promise<void>((resolve) => held.push(resolve));
      return found;
    },
  };
  const table = tableOver({ registry });
  const early = table.version(PROJECT, 'm');
  holds = false;
  production = version('2.0.0');
  await table.aliasMoved(); // “resolves once predictions follow”
  for (const go of held) go();
  await early;
  expect((await table.version(PROJECT, 'm'))?.version.id).toBe('2.0.0');
});

test('of many references those that are asked stay known', async () => {
  const reads: string[] = [];
  const registry = {
    versionsForRouting: (_project: ProjectId, [ref = '']: readonly string[]) => {
      reads.push(ref);
      return Promise.resolve([version(ref)]);
    },
  };
  const table = tableOver({ registry });
  for (let other = 0; other < 1_500; other += 1) {
    await table.version(PROJECT, 'busy');
    await table.version(PROJECT, `other-${other}`);
  }
  expect(reads.filter((ref) => ref === 'busy')).toHaveLength(1);
  await table.version(PROJECT, 'other-0');
  await table.version(PROJECT, 'other-1499');
  expect(reads.slice(-1)).toEqual(['other-0']);
});

test('an outage of the database is told once, and so is its end', async () => {
  const told: string[] = [];
  const tell =
    (level: string) =>
    (...said: readonly unknown[]) =>
      told.push(`${level}: ${String(said.at(-1))}`);
  let isAway = true;
  const table = tableOver({
    database: { query: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve([])) },
    logger: { warn: tell('warn'), info: tell('info') },
  });
  await table.catchUp();
  await table.catchUp();
  isAway = false;
  await table.catchUp();
  await table.catchUp();
  expect(told).toEqual([
    'warn: the routes could not be read; the last ones stay in use',
    'info: the routes are read again',
  ]);
});
