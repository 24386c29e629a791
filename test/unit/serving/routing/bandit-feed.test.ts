import { InProcessBus } from '../../../../src/kernel/bus';
import type { Database } from '../../../../src/kernel/database/database';
import type { Logger } from '../../../../src/kernel/logger';
import type { Transaction } from '../../../../src/kernel/database/sql';
import type { EndpointId } from '../../../../src/serving/endpoints/endpoint';
import { NO_REWARDS, type Rewards } from '../../../../src/serving/routing/bandit';
import { BanditFeed } from '../../../../src/serving/routing/bandit-feed';
import { FEEDBACK_TOPIC } from '../../../../src/serving/feedback/feedback';
import { VariantKnowledge } from '../../../../src/serving/routing/variant-knowledge';
import type { ModelVersionId } from '../../../../src/registry/registry';

/** A database that has so many rewards of each variant, and can be away. */
class FakeDatabase {
  isAway = false;
  reads = 0;
  count = 1;

  query(_sql: string, [endpoints]: [string[]]): Promise<Rewards[]> {
    this.reads += 1;
    if (this.isAway) return Promise.reject(new Error('away'));
    return Promise.resolve(endpoints.map(() => ({ ...NO_REWARDS, count: this.count })));
  }
}

const arm = (variant: string) =>
  new VariantKnowledge(Buffer.alloc(32), {
    endpointId: 'endpoint' as EndpointId,
    versionId: 'version' as ModelVersionId,
    variant,
  });
let arms: VariantKnowledge[];
let database: FakeDatabase;
let bus: InProcessBus;
let warnings: number;
let feed: BanditFeed;
beforeEach(() => {
  jest.useFakeTimers();
  arms = [arm('a'), arm('b')];
  database = new FakeDatabase();
  bus = new InProcessBus();
  warnings = 0;
  feed = new BanditFeed({
    database: database as unknown as Database,
    bus,
    logger: { warn: () => (warnings += 1) } as unknown as Logger,
    arms: () => arms,
  });
});
afterEach(async () => {
  await feed.stop();
  jest.useRealTimers();
});
const countOf = () => arms.map(({ rewards }) => rewards.count);
const tell = () => bus.wake({ afterCommit: (action: () => void) => action() } as Transaction, FEEDBACK_TOPIC);

test('feedback is read when it comes, at most once a second', async () => {
  feed.start();
  await jest.advanceTimersByTimeAsync(1_000);
  expect([database.reads, countOf()]).toEqual([1, [1, 1]]);
  for (let told = 0; told < 25; told += 1) {
    database.count += 1;
    await tell();
    await jest.advanceTimersByTimeAsync(100);
  }
  expect(database.reads).toBe(1 + 3);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(countOf()).toEqual([26, 26]);
});

test('without feedback it is looked for every five seconds, and where nothing learns not at all', async () => {
  feed.start();
  await jest.advanceTimersByTimeAsync(20_900);
  expect(database.reads).toBe(1 + 4);
  arms = [];
  await jest.advanceTimersByTimeAsync(20_000);
  expect(database.reads).toBe(1 + 4);
});

test('what is about to get traffic is read once before', async () => {
  await feed.prepare(arms);
  expect([database.reads, countOf()]).toEqual([1, [1, 1]]);
  await feed.prepare(arms);
  expect(database.reads).toBe(1);
});

test('while the database is away the last rewards stay, and it is said once', async () => {
  await feed.prepare(arms);
  database.isAway = true;
  feed.start();
  await jest.advanceTimersByTimeAsync(20_000);
  expect([warnings, countOf()]).toEqual([1, [1, 1]]);
  database.isAway = false;
  database.count = 7;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(countOf()).toEqual([7, 7]);
});

test('many variants are read in several statements', async () => {
  arms = Array.from({ length: 450 }, (_, index) => arm(String(index)));
  await feed.prepare(arms);
  expect(database.reads).toBe(3);
});
