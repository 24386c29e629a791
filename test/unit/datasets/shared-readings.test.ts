import { SharedReadings } from '../../../src/datasets/shared-readings';

test('who asks for what is being read waits for the same answer, and who asks later has it read anew', async () => {
  const readings = new SharedReadings<number>();
  let count = 0;
  const read = () => Promise.resolve(++count);
  expect(await Promise.all([readings.share('a', read), readings.share('a', read)])).toEqual([1, 1]);
  expect(await Promise.all([readings.share('a', read), readings.share('b', read)])).toEqual([2, 3]);
});

test('a reading that fails does so for all who wait, and the next is tried again', async () => {
  const readings = new SharedReadings<number>();
  const fail = () => Promise.reject(new Error('lost'));
  const waiting = [readings.share('a', fail), readings.share('a', () => Promise.resolve(1))];
  for (const outcome of await Promise.allSettled(waiting)) expect(outcome.status).toBe('rejected');
  expect(await readings.share('a', () => Promise.resolve(2))).toBe(2);
});
