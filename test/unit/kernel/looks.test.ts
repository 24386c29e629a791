import { InProcessBus, wakeUps } from '../../../src/kernel/bus';
import { unavailable } from '../../../src/kernel/errors';
import type { Placed } from '../../../src/kernel/feed';
import { newsByLooks } from '../../../src/kernel/looks';

/** Numbers in their order, of which some cannot be read at first. */
function counter(refuse: (number: number) => Error | null) {
  const bus = new InProcessBus();
  const leaving = new AbortController();
  const seen: string[] = [];
  let written = 0;
  async function* look(after: string): AsyncGenerator<Placed, string | null, void> {
    seen.push(after);
    const upTo = written;
    for (let number = Number(after) + 1; number <= upTo; number += 1) {
      const error = refuse(number);
      if (error) throw error;
      if (number % 10 !== 0) yield await Promise.resolve({ cursor: String(number) }); // not everything is told
    }
    return upTo < 25 ? String(upTo) : null;
  }
  const news = newsByLooks({ wakes: wakeUps(bus, 'numbers', leaving.signal), origin: '0', look });
  const write = (numbers: number) => {
    written += numbers;
    bus.woke('numbers');
  };
  return { news, write, seen, wake: () => write(0), leaving };
}
const away = unavailable('The database');

test('each look goes on after the one before, to the end', async () => {
  const { news, write, seen } = counter(() => null);
  write(10);
  for (let number = 1; number <= 9; number += 1)
    expect(await news.next()).toEqual({ done: false, value: { cursor: String(number) } });
  const next = news.next();
  await new Promise(setImmediate);
  write(15);
  expect(await next).toEqual({ done: false, value: { cursor: '11' } });
  const rest: string[] = [];
  for await (const { cursor } of news) rest.push(cursor);
  expect(rest).toEqual(['12', '13', '14', '15', '16', '17', '18', '19', '21', '22', '23', '24', '25']);
  expect(seen).toEqual(['0', '10']);
});

test('what a look could not read since the database is away, the next one tells, and nothing twice', async () => {
  let outages = 3;
  const { news, write, wake, seen } = counter((number) =>
    number === 4 && (outages -= 1) >= 0 ? away : null,
  );
  write(30);
  const told: string[] = [];
  const reading = (async () => {
    for await (const { cursor } of news) told.push(cursor);
  })();
  while (outages > 0) {
    await new Promise(setImmediate);
    wake();
  }
  await reading;
  expect(told).toEqual(
    Array.from({ length: 30 }, (_, index) => String(index + 1)).filter((n) => !n.endsWith('0')),
  );
  expect(seen).toEqual(['0', '3', '3', '3']);
});

test('any other failure ends it', async () => {
  const { news, write } = counter(() => new TypeError('a fault of ours'));
  write(1);
  await expect(news.next()).rejects.toThrow('a fault of ours');
});

test('who leaves while the database is away ends it', async () => {
  const { news, write, leaving } = counter(() => away);
  write(1);
  const next = news.next();
  await new Promise(setImmediate);
  leaving.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
