import { Patience } from '../../../../src/serving/worker/patience';

/** A clock and an event loop that go on when they are told to. */
function loop(mayStayAwake = true) {
  let now = 0;
  const turns: (() => void)[] = [];
  const patience = new Patience(mayStayAwake, { nowMs: () => now, nextTurn: (task) => turns.push(task) });
  return {
    patience,
    /** Takes so many turns of the event loop, each of a tenth of a millisecond, for as long as any is wanted. */
    turn: (count: number): number => {
      let taken = 0;
      for (; taken < count && turns.length > 0; taken += 1) {
        now += 0.1;
        turns.shift()?.();
      }
      return taken;
    },
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

async function workAfter({ patience, pass }: ReturnType<typeof loop>, ms: number): Promise<void> {
  const waiting = patience.wait(() => false);
  pass(ms);
  patience.reward();
  await waiting;
}

test('who has never had work soon sleeps', () => {
  const { patience, turn } = loop();
  void patience.wait(() => false);
  expect(turn(10)).toBe(0);
});

test('after work that came soon, the next is looked for, and no longer than half a millisecond', async () => {
  const one = loop();
  await workAfter(one, 0.2);
  void one.patience.wait(() => false);
  const taken = one.turn(100);
  expect(taken).toBeGreaterThanOrEqual(5);
  expect(taken).toBeLessThanOrEqual(6);
  expect(one.turn(100)).toBe(0);
});

test('work ends the look for it', async () => {
  const one = loop();
  await workAfter(one, 0.2);
  const waiting = one.patience.wait(() => false);
  one.turn(1);
  one.patience.reward();
  await waiting;
  one.turn(1);
  expect(one.turn(100)).toBe(0);
});

test('after work that came late, it sleeps again', async () => {
  const one = loop();
  await workAfter(one, 0.2);
  await workAfter(one, 2);
  one.turn(1); // what the wait before has asked for
  void one.patience.wait(() => false);
  expect(one.turn(10)).toBe(0);
});

test('after work that took its time, it sleeps: others may need the processor', async () => {
  const one = loop();
  await workAfter(one, 0.2);
  one.pass(6);
  void one.patience.wait(() => false);
  expect(one.turn(10)).toBe(0);
});

test('after work that several callers had asked for, it sleeps: they need the processor themselves', async () => {
  const one = loop();
  await workAfter(one, 0.2);
  void one.patience.wait(() => false, true);
  expect(one.turn(10)).toBe(0);
});

test('with one processor it always sleeps: others need it', async () => {
  const one = loop(false);
  await workAfter(one, 0.2);
  void one.patience.wait(() => false);
  expect(one.turn(10)).toBe(0);
});

test('work that is there already is not waited for', async () => {
  await expect(loop().patience.wait(() => true)).resolves.toBeUndefined();
});
