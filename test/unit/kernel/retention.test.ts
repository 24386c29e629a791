import type { Database } from '../../../src/kernel/database/database';
import type { Logger } from '../../../src/kernel/logger';
import { Retention } from '../../../src/kernel/retention';

const MINUTE_MS = 60_000;

/** A database that has so many old rows in each table, and can be away. */
class FakeDatabase {
  isAway = false;
  statements = 0;
  old = { idempotency_key: 0, event: 0, webhook_delivery: 0, prediction_feedback: 0 };

  query(sql: string, [, limit]: [number, number]): Promise<object[]> {
    this.statements += 1;
    if (this.isAway) return Promise.reject(new Error('away'));
    const [, table = ''] = /FROM (\w+) WHERE created_at/.exec(sql) ?? [];
    if (!isTable(table)) throw new Error(`There is no table ${table}.`);
    const removed = Math.min(limit, this.old[table]);
    this.old[table] -= removed;
    return Promise.resolve([{ removed }]);
  }
}

const isTable = (name: string): name is keyof FakeDatabase['old'] => name in new FakeDatabase().old;

let database: FakeDatabase;
let warnings: number;
let retention: Retention;
beforeEach(() => {
  jest.useFakeTimers();
  database = new FakeDatabase();
  warnings = 0;
  const logger = { warn: () => (warnings += 1) } as unknown as Logger;
  retention = new Retention(database as unknown as Database, logger);
  retention.start();
});
afterEach(async () => {
  await retention.stop();
  jest.useRealTimers();
});

test('every minute old rows go, in small statements', async () => {
  database.old = { idempotency_key: 2_500, event: 10, webhook_delivery: 20, prediction_feedback: 1_000 };
  await jest.advanceTimersByTimeAsync(MINUTE_MS - 1);
  expect(database.statements).toBe(0);
  await jest.advanceTimersByTimeAsync(1);
  expect(database).toMatchObject({
    old: { idempotency_key: 0, event: 0, webhook_delivery: 0, prediction_feedback: 0 },
    statements: 3 + 1 + 1 + 2,
  });
  database.old.event = 5;
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(database.old.event).toBe(0);
});

test('a backlog goes in several passes', async () => {
  database.old.event = 150_000;
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(database.old.event).toBe(50_000);
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(database.old.event).toBe(0);
});

test('a pass that fails is told once, and the next one makes it good', async () => {
  database.old.event = 5;
  database.isAway = true;
  await jest.advanceTimersByTimeAsync(3 * MINUTE_MS);
  expect([warnings, database.old.event]).toEqual([1, 5]);
  database.isAway = false;
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect([warnings, database.old.event]).toEqual([1, 0]);
  database.isAway = true;
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  expect(warnings).toBe(2);
});

test('nothing is deleted after the end', async () => {
  await retention.stop();
  await retention.stop();
  retention.start();
  await jest.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(database.statements).toBe(0);
});
