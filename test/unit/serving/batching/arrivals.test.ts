import { Arrivals } from '../../../../src/serving/batching/arrivals';

/** An event loop whose turns are taken one by one. */
function loop() {
  let next: (() => void) | undefined;
  let told = 0;
  const arrivals = new Arrivals(
    (task) => (next = task),
    () => (told += 1),
  );
  return {
    come: (count: number): void => {
      for (let at = 0; at < count; at += 1) arrivals.add();
    },
    turn: (): number => {
      const task = next;
      next = undefined;
      task?.();
      return told;
    },
  };
}

test('a lonely request waits for the end of its turn, and for nobody', () => {
  const { come, turn } = loop();
  come(1);
  expect(turn()).toBe(1);
});

test('of a crowd, the next turn is waited for, and no longer where that brings nobody', () => {
  const { come, turn } = loop();
  come(5);
  expect(turn()).toBe(0);
  expect(turn()).toBe(1);
});

test('where every turn brings some, they wait for four turns', () => {
  const { come, turn } = loop();
  const told = [];
  for (let at = 0; at < 5; at += 1) {
    come(2);
    told.push(turn());
  }
  expect(told).toEqual([0, 0, 0, 1, 1]);
});

test('they are told of once, and who comes afterwards again', () => {
  const { come, turn } = loop();
  come(1);
  turn();
  expect(turn()).toBe(1);
  come(1);
  expect(turn()).toBe(2);
});
