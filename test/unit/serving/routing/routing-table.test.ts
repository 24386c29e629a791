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

test('changes that come while the routes are read are seen by one more read, however many they are', async () => {
  const asked: string[] = [];
  const query = (sql: string) => {
    asked.push(sql);
    return new Promise((resolve) => setImmediate(resolve, []));
  };
  const table = tableOver({ database: { query } });
  const first = table.catchUp();
  await new Promise(setImmediate);
  await Promise.all([first, ...Array.from({ length: 20 }, () => table.catchUp())]);
  expect(asked.filter((sql) => sql.includes('serving.revisions'))).toHaveLength(2);
});

describe('of many endpoints', () => {
  const project = 'p' as ProjectId;
  const signature = { inputs: [], outputs: [], columns: [], labels: null, batchable: false };
  const version = { id: 'v', ref: 'm@1.0.0', sha256: 'v', sizeBytes: 1, format: 'ONNX', signature };
  const main = { name: 'main', ref: 'm@1.0.0', weight: 1, shadow: false, instances: null };
  const endpoint = (id: string, revision = 1) => ({
    ...{ id, projectId: project, name: id, revision, settings: {}, routing: {}, variants: [main] },
  });
  let stored = [endpoint('one'), endpoint('two')];
  let readWhole: string[] = [];
  const query = (sql: string, [ids]: [string[]?] = []) => {
    if (sql.includes('serving.revisions')) return Promise.resolve(stored);
    if (!sql.includes('serving.endpointsAnywhere')) return Promise.resolve([{ secret: Buffer.alloc(32) }]);
    readWhole = ids ?? [];
    return Promise.resolve(stored.filter(({ id }) => readWhole.includes(id)));
  };
  const table = tableOver({
    database: { query },
    registry: { versionsForRouting: () => Promise.resolve([version]) },
    backend: {
      ...{ lease: () => undefined, limit: () => undefined, holds: () => true, whyNot: () => null },
      load: () => Promise.resolve(),
    },
  });

  test('those that have changed are read and made anew, and the others stay what they are', async () => {
    await table.catchUp();
    expect(readWhole).toEqual(['one', 'two']);
    const [one, two] = [table.endpoint(project, 'one'), table.endpoint(project, 'two')];
    stored = [endpoint('one'), { ...endpoint('two', 2), settings: { maxBatch: 7 } }, endpoint('three')];
    await table.catchUp();
    expect(readWhole).toEqual(['two', 'three']);
    expect(table.endpoint(project, 'one')).toBe(one);
    expect(table.endpoint(project, 'two')).not.toBe(two);
    expect(table.endpoint(project, 'two')?.settings.maxBatch).toBe(7);
    expect(table.endpoint(project, 'three')).toBeDefined();
  });

  test('one that is gone answers no more', async () => {
    stored = [endpoint('one')];
    await table.catchUp();
    expect(table.endpointsOf(project).map(({ name }) => name)).toEqual(['one']);
  });
});
