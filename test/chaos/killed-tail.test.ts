import type { ApiClient } from '../support/api-client';
import { ServerProcess } from '../support/server-process';
import { TrackingClient } from '../support/tracking-client';

/** Kills in one test: each costs a start of the server, a second or two. */
const ROUNDS = 3;
/** Keys of each call: so many that calls wait in a tail to be folded together. */
const KEYS = Array.from({ length: 40 }, (_, index) => `k${index}`);
/** Calls of each run between two kills: more than one tail holds, so that there are folds, too. */
const CALLS = 100;

let folder: string;
beforeAll(async () => (folder = await ServerProcess.newFolder()));
afterAll(() => ServerProcess.removeFolder(folder));

/** Logs a step of all keys after the other until a call fails; gives the number of steps that were acknowledged. */
async function write(server: ApiClient, runId: string, from: number, onStep: (step: number) => void) {
  const query = 'mutation ($input: LogMetricsInput!) { logMetrics(input: $input) { __typename } }';
  for (let step = from; ; step += 1) {
    const points = KEYS.map((key, index) => ({ key, step, value: step + index / 128 }));
    try {
      await server.data(query, { input: { runId, points } });
    } catch {
      return step;
    }
    onStep(step);
  }
}

interface Fact {
  readonly key: string;
  readonly count: number;
  readonly last: number;
}

test('kill -9 while calls of many series come and are folded: no acknowledged point is lost, none is doubled', async () => {
  let server = await ServerProcess.start(folder);
  const runIds = [await new TrackingClient(server).newRun(), await new TrackingClient(server).newRun()];
  let kept = runIds.map(() => 0);
  for (let round = 0; round < ROUNDS; round += 1) {
    // Not at the same moment of its work each time: some calls later in each round.
    const until = (kept[0] ?? 0) + CALLS + 23 * round;
    const killed: Promise<unknown>[] = [];
    const writers = runIds.map((runId, index) =>
      write(server, runId, kept[index] ?? 0, (step) => {
        if (index === 0 && step === until) killed.push(server.kill());
      }),
    );
    const acknowledged = await Promise.all(writers);
    await Promise.all(killed);
    server = await ServerProcess.start(folder);
    const client = new TrackingClient(server);
    kept = [];
    for (const [index, runId] of runIds.entries()) {
      const series = await client.history(runId, KEYS, 10_000);
      const steps = series[0]?.steps.length ?? 0;
      const expected = Array.from({ length: steps }, (_, step) => step);
      expect(series.map(({ key }) => key)).toEqual(KEYS);
      for (const [at, one] of series.entries()) {
        expect(one.steps.map(Number)).toEqual(expected); // each once, and all keys of a call or none
        expect(one.values).toEqual(expected.map((step) => step + at / 128));
      }
      expect(steps).toBeGreaterThanOrEqual(acknowledged[index] ?? Infinity);
      const facts = (await client.facts(runId)) as readonly Fact[];
      expect(new Set(facts.map(({ count }) => count))).toEqual(new Set([steps]));
      kept.push(steps);
    }
  }
  await server.kill('SIGTERM');
}, 180_000);
