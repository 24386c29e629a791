import { claimKey, rememberResult, type IdempotentRequest } from '../../../src/kernel/idempotency';
import type { ProjectId } from '../../../src/kernel/ids';
import type { Transaction } from '../../../src/kernel/database/sql';

test('a key that is deleted, being old, while it is claimed again is free', async () => {
  const answers: object[][] = [[], [], [{ key: 'k' }]]; // there is one; there is none any more; claimed
  const asked: string[] = [];
  const tx = {
    query: (sql: string) => {
      asked.push(/^\/\* ([\w.]+)/.exec(sql)?.[1] ?? '');
      return Promise.resolve(answers.shift());
    },
  } as unknown as Transaction;
  const request: IdempotentRequest = { projectId: 'p' as ProjectId, operation: 'o', key: 'k', input: 1 };
  expect(await claimKey(tx, request)).toEqual({ kind: 'first' });
  expect(asked).toEqual(['idempotency.claim', 'idempotency.read', 'idempotency.claim']);
});

test('what is known before the work is kept with the key', async () => {
  const kept: unknown[] = [];
  const tx = {
    query: (_: string, parameters: readonly unknown[]) => {
      kept.push(parameters.at(-1));
      return Promise.resolve([{ key: 'k' }]);
    },
  } as unknown as Transaction;
  const request: IdempotentRequest = { projectId: 'p' as ProjectId, operation: 'o', key: 'k', input: 1 };
  expect(await claimKey(tx, request, 'r')).toEqual({ kind: 'first' });
  expect(kept).toEqual(['r']);
});

test('who gives no key claims none', async () => {
  const tx = { query: () => Promise.reject(new Error('not asked')) } as unknown as Transaction;
  const request: IdempotentRequest = { projectId: 'p' as ProjectId, operation: 'o', key: null, input: 1 };
  expect(await claimKey(tx, request)).toEqual({ kind: 'first' });
  await rememberResult(tx, request, 'r');
});
