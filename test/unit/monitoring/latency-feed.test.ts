import { InProcessBus } from '../../../src/kernel/bus';
import { unavailable } from '../../../src/kernel/errors';
import { EndpointWakes } from '../../../src/monitoring/endpoint-wakes';
import { latencyFeed, type EndpointLatencyEvent } from '../../../src/monitoring/latency-feed';
import { mergeWindows, type MeasuredRow } from '../../../src/monitoring/latency-window';
import { LatencyStats } from '../../../src/monitoring/latency-stats';
import type { WindowGrid } from '../../../src/monitoring/window-grid';
import type { ModelVersionId } from '../../../src/registry/registry';
import type { Endpoint } from '../../../src/serving/serving';

const SECOND_MS = 1_000;
const BEGIN_MS = 1_000 * SECOND_MS;
const ENDPOINT = { id: 'e1', revision: 1 } as Endpoint;

/** One prediction in each second of the grid. */
function steady({ fromMs, untilMs }: WindowGrid): readonly MeasuredRow[] {
  const key = { variant: 'main', versionId: 'v1' as ModelVersionId, door: 'graphql', ranOn: null } as const;
  const stats = { ...new LatencyStats().toStored(), requests: 1 };
  return Array.from({ length: (untilMs - fromMs) / SECOND_MS }, (_, second) => ({
    ...{ startMs: fromMs + second * SECOND_MS, weight: 1, shadow: false },
    ...key,
    ...stats,
  }));
}

/**
 * A second passes with each look at the clock; `refuse` is asked before each read of the database, and `isWritten`
 * whether it finds what was measured.
 */
function feedWhere(refuse: (read: number) => Error | null, isWritten = (_read: number) => true) {
  const bus = new InProcessBus();
  let now = BEGIN_MS;
  let reads = 0;
  let revision = 1;
  const read = <T>(value: () => T): Promise<T> => {
    const error = refuse((reads += 1));
    return error ? Promise.reject(error) : Promise.resolve(value());
  };
  const feed = latencyFeed({
    endpoint: ENDPOINT,
    intervalMs: SECOND_MS,
    nowMs: () => (now += SECOND_MS),
    listen: (signal) => new EndpointWakes(bus, { traffic: 'traffic', change: 'change' }, signal),
    windows: (grid) => read(() => mergeWindows(isWritten(reads) ? steady(grid) : [], grid)),
    readEndpoint: () => read(() => ({ ...ENDPOINT, revision })),
  });
  const deployAgain = () => (revision += 1);
  const setBack = (ms: number) => (now -= ms);
  return { feed, deployAgain, setBack };
}

test('while the database is away a stream goes on, and then tells what it could not read', async () => {
  const { feed, deployAgain } = feedWhere((read) => (read <= 5 ? unavailable('The database') : null));
  deployAgain();
  const events: EndpointLatencyEvent[] = [];
  while (events.length < 8) {
    const next = await feed.next();
    if (next.done) throw new Error('The stream has ended.');
    events.push(next.value);
  }
  await feed.return();
  const changes = events.filter(({ kind }) => kind === 'EndpointChanged');
  expect(changes).toMatchObject([{ endpoint: { revision: 2 } }]);
  const windows = events.flatMap((event) => (event.kind === 'EndpointLatencyAppended' ? [event.window] : []));
  const begins = windows.map(({ from }) => from.getTime());
  expect(begins).toEqual(begins.map((_, place) => BEGIN_MS + place * SECOND_MS));
});

test('what was measured in an outage and is written a moment after it is told, too', async () => {
  const outage = (read: number) => (read >= 2 && read <= 5 ? unavailable('The database') : null);
  const { feed } = feedWhere(outage, (read) => read !== 6);
  const begins: (number | null)[] = [];
  while (begins.length < 8) {
    const begin = windowOf((await feed.next()).value);
    if (begin !== null) begins.push(begin);
  }
  await feed.return();
  expect(begins).toEqual(begins.map((_, place) => (begins[0] ?? 0) + place * SECOND_MS));
});

test('any other failure ends it', async () => {
  const { feed } = feedWhere(() => new TypeError('a fault of ours'));
  await expect(feed.next()).rejects.toThrow('a fault of ours');
});

const windowOf = (event: EndpointLatencyEvent | void) =>
  event?.kind === 'EndpointLatencyAppended' ? event.window.from.getTime() : null;

test('a clock that is set back by hours holds nothing back', async () => {
  const { feed, setBack } = feedWhere(() => null);
  const before = windowOf((await feed.next()).value) ?? 0;
  setBack(3 * 3_600_000);
  const after = windowOf((await feed.next()).value) ?? Infinity;
  expect(before - after).toBeGreaterThan(3 * 3_600_000 - 60_000);
  expect(windowOf((await feed.next()).value)).toBe(after + SECOND_MS);
  await feed.return();
});

test('whoever has seen windows before it was set back goes on with those of now', async () => {
  const { feed, setBack } = feedWhere(() => null);
  const seen = (await feed.next()).value?.cursor ?? '';
  setBack(3 * 3_600_000);
  const upTo = (await feed.next()).value?.cursor ?? '';
  const missed = feed.since(seen, upTo);
  expect(await missed.next()).toEqual({ done: true, value: upTo });
  await feed.return();
});
