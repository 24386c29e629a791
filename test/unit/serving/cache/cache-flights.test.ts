import { Flights, type Waiting } from '../../../../src/serving/cache/cache-flights';
import { cancelled, tooLate, WorkerUnavailable } from '../../../../src/serving/execution/worker-unavailable';

/** Computations that end when the test says so. */
class Computations {
  readonly running: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];

  readonly start = () =>
    new Promise<string>((resolve, reject) => {
      this.running.push({ resolve, reject });
    });
}

const patient = (): Waiting => ({ deadlineAt: performance.now() + 60_000 });
let flights: Flights<string>;
let computations: Computations;
beforeEach(() => {
  flights = new Flights();
  computations = new Computations();
});
const join = (caller: Waiting = patient(), key = 'key') => flights.join(key, caller, computations.start);
const settled = (joined: Promise<unknown>) =>
  joined.then(
    (value) => value,
    (error: unknown) => (error instanceof WorkerUnavailable ? error.reason : (error as Error).message),
  );

test('equal questions at once are computed once', async () => {
  const joined = Array.from({ length: 100 }, () => join());
  expect(computations.running).toHaveLength(1);
  computations.running[0]?.resolve('answer');
  const landed = await Promise.all(joined);
  expect(landed.filter(({ followed }) => followed)).toHaveLength(99);
  expect(new Set(landed.map(({ answer }) => answer))).toEqual(new Set(['answer']));
});

test('different ones are not, and neither is one after the other', async () => {
  const first = join();
  void join(patient(), 'another');
  expect(computations.running).toHaveLength(2);
  computations.running[0]?.resolve('answer');
  await first;
  void join();
  expect(computations.running).toHaveLength(3);
});

test.each([
  ['whose own time was over', tooLate],
  ['that left', cancelled],
])('a leader %s fails nobody: who has waited longest goes on', async (_, reason) => {
  const leader = settled(join());
  const followers = [join(), join()];
  computations.running[0]?.reject(reason());
  expect(await leader).toBe(reason().reason);
  expect(computations.running).toHaveLength(2);
  computations.running[1]?.resolve('answer');
  expect(await Promise.all(followers)).toEqual([
    { answer: 'answer', followed: false },
    { answer: 'answer', followed: true },
  ]);
});

test('any other failure is the question’s, and so everybody’s', async () => {
  const joined = Array.from({ length: 3 }, () => settled(join()));
  computations.running[0]?.reject(new Error('not a number'));
  expect(await Promise.all(joined)).toEqual(new Array(3).fill('not a number'));
  expect(computations.running).toHaveLength(1);
});

test('a follower waits until its own deadline, and the others go on', async () => {
  const leader = join();
  const hurried = settled(join({ deadlineAt: performance.now() + 5 }));
  expect(await hurried).toBe('deadline');
  computations.running[0]?.resolve('answer');
  expect(await leader).toEqual({ answer: 'answer', followed: false });
});

test('a follower that leaves costs nobody anything', async () => {
  const caller = new AbortController();
  const leader = join();
  const follower = settled(join({ ...patient(), signal: caller.signal }));
  caller.abort();
  expect(await follower).toBe('cancelled');
  const gone = settled(join({ ...patient(), signal: caller.signal }));
  expect(await gone).toBe('cancelled');
  computations.running[0]?.resolve('answer');
  expect(await leader).toEqual({ answer: 'answer', followed: false });
});

test('where everybody has left, the next one begins anew', async () => {
  const leader = settled(join());
  const follower = settled(join({ deadlineAt: performance.now() }));
  await follower;
  computations.running[0]?.reject(cancelled());
  expect(await leader).toBe('cancelled');
  const next = join();
  expect(computations.running).toHaveLength(2);
  computations.running[1]?.resolve('answer');
  expect(await next).toEqual({ answer: 'answer', followed: false });
});
