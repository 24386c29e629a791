import { InProcessBus, wakeUps } from '../../../src/kernel/bus';
import type { Transaction } from '../../../src/kernel/database/sql';

/** A transaction that only remembers what to do after its commit. */
function transaction() {
  const actions: (() => void)[] = [];
  const tx = { afterCommit: (action: () => void) => void actions.push(action) } as Transaction;
  return { tx, commit: () => actions.forEach((action) => action()) };
}

test('a reader is woken after the commit, not before', async () => {
  const bus = new InProcessBus();
  const heard: string[] = [];
  bus.listen('a', () => heard.push('a'));
  const { tx, commit } = transaction();
  await bus.wake(tx, 'a');
  expect(heard).toEqual([]);
  commit();
  expect(heard).toEqual(['a']);
});

test('only the topic’s listeners are called, and none that has left', async () => {
  const bus = new InProcessBus();
  const heard: string[] = [];
  const leave = bus.listen('a', () => heard.push('first'));
  bus.listen('b', () => heard.push('other'));
  bus.listen('a', () => heard.push('second'));
  leave();
  const { tx, commit } = transaction();
  await bus.wake(tx, 'a');
  commit();
  expect(heard).toEqual(['second']);
});

test('wake-ups that come while the reader is busy become one', async () => {
  const bus = new InProcessBus();
  const controller = new AbortController();
  const looks = wakeUps(bus, 'a', controller.signal);
  await looks.next(); // the look that every reader begins with
  const { tx, commit } = transaction();
  for (let count = 0; count < 5; count += 1) await bus.wake(tx, 'a');
  commit();
  await looks.next();
  const third = looks.next();
  controller.abort();
  expect(await third).toEqual({ done: true, value: undefined });
});

test('a reader that leaves stops listening', async () => {
  const bus = new InProcessBus();
  const listen = jest.spyOn(bus, 'listen');
  const looks = wakeUps(bus, 'a', new AbortController().signal);
  await looks.next();
  await looks.return(undefined);
  const { tx, commit } = transaction();
  await bus.wake(tx, 'a');
  commit(); // would throw or leak if the listener were still there
  expect(listen).toHaveBeenCalledTimes(1);
  expect(await looks.next()).toEqual({ done: true, value: undefined });
});
