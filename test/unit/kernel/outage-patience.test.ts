import { notNow, unavailable } from '../../../src/kernel/errors';
import { AWAY, OutagePatience } from '../../../src/kernel/outage-patience';

const MINUTE_MS = 60_000;
const away = () => Promise.reject(unavailable('The database'));
const there = () => Promise.resolve('there');

test('what cannot be read now is away, not a failure', async () => {
  const patience = new OutagePatience();
  expect(await patience.unlessAway(there)).toBe('there');
  expect(await patience.unlessAway(away)).toBe(AWAY);
  expect(await patience.unlessAway(() => Promise.reject(notNow('Too slow.')))).toBe(AWAY);
});

test('a fault of ours is thrown', async () => {
  const fault = () => Promise.reject(new TypeError('a fault of ours'));
  await expect(new OutagePatience().unlessAway(fault)).rejects.toThrow('a fault of ours');
});

test('it ends with an outage of half an hour, and begins anew with each outage', async () => {
  let nowMs = 0;
  const patience = new OutagePatience(() => nowMs);
  expect(await patience.unlessAway(away)).toBe(AWAY);
  nowMs += 29 * MINUTE_MS;
  expect(await patience.unlessAway(away)).toBe(AWAY);
  expect(await patience.unlessAway(there)).toBe('there');
  nowMs += 29 * MINUTE_MS;
  expect(await patience.unlessAway(away)).toBe(AWAY);
  nowMs += 31 * MINUTE_MS;
  await expect(patience.unlessAway(away)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('who insists tries again, with pauses, until it is there', async () => {
  jest.useFakeTimers({ now: 0 });
  let tries = 0;
  const patience = new OutagePatience(Date.now);
  const insisting = patience.insist(
    () => ((tries += 1) < 4 ? away() : there()),
    () => true,
  );
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  jest.useRealTimers();
  expect(await insisting).toBe('there');
  expect(tries).toBe(4);
});

test('nobody tries for those who have left', async () => {
  let tries = 0;
  const result = await new OutagePatience().insist(
    () => {
      tries += 1;
      return away();
    },
    () => false,
  );
  expect([result, tries]).toEqual([AWAY, 1]);
});
