import { createLogger } from '../../../../src/kernel/logger';
import { RoutingTable, type RoutingInput } from '../../../../src/serving/routing/routing-table';
import type { ProjectId } from '../../../../src/kernel/ids';

test('who asks by a reference while its alias moves is told of the version that it has moved to', async () => {
  const signature = { inputs: [], outputs: [], columns: [], labels: null, batchable: false };
  const version = (id: string) => ({
    id,
    ref: `m@${id}`,
    sha256: id,
    sizeBytes: 1,
    format: 'ONNX',
    signature,
  });
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
  const table = new RoutingTable({
    database: { query: () => Promise.resolve([]) },
    registry,
    artifacts: { withFile: () => Promise.resolve(null) },
    backend: { lease: () => undefined, limit: () => undefined, holds: () => false, whyNot: () => null },
    cache: { keepOnly: () => undefined },
    bus: {},
    logger: createLogger('silent'),
  } as unknown as RoutingInput);
  const project = 'p' as ProjectId;
  const early = table.version(project, 'm');
  holds = false;
  production = version('2.0.0');
  await table.aliasMoved(); // “resolves once predictions follow”
  for (const go of held) go();
  await early;
  expect((await table.version(project, 'm'))?.version.id).toBe('2.0.0');
});
