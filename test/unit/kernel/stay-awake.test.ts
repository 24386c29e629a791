import { stayAwake } from '../../../src/kernel/stay-awake';

/** An event loop whose turns take a tenth of a millisecond each. */
function loop() {
  let now = 0;
  let turns = 0;
  const tasks: (() => void)[] = [];
  return {
    nowMs: () => now,
    nextTurn: (task: () => void) => void tasks.push(task),
    run: (): number => {
      for (let task = tasks.shift(); task; task = tasks.shift()) {
        now += 0.1;
        turns += 1;
        task();
      }
      return turns;
    },
  };
}

test('what has come already is not waited for', () => {
  const one = loop();
  stayAwake(() => true, 1, one);
  expect(one.run()).toBe(0);
});

test('it looks until it has come', () => {
  const one = loop();
  stayAwake(() => one.nowMs() >= 0.3, 1, one);
  expect(one.run()).toBe(3);
});

test('what does not come is waited for no longer than is allowed', () => {
  const one = loop();
  stayAwake(() => false, 0.45, one);
  expect(one.run()).toBe(5);
});
