import { Deadlines } from '../../../src/kernel/deadlines';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('what takes too long is late, each at its own end and once', () => {
  const late: string[] = [];
  const deadlines = new Deadlines(1_000);
  deadlines.begin(() => late.push('first'));
  jest.advanceTimersByTime(400);
  deadlines.begin(() => late.push('second'));
  jest.advanceTimersByTime(599);
  expect(late).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(late).toEqual(['first']);
  jest.advanceTimersByTime(399);
  expect(late).toEqual(['first']);
  jest.advanceTimersByTime(1);
  expect(late).toEqual(['first', 'second']);
  jest.advanceTimersByTime(10_000);
  expect(late).toEqual(['first', 'second']);
});

test('what has ended is never late, and those after it still are', () => {
  const late: string[] = [];
  const deadlines = new Deadlines(1_000);
  const ended = deadlines.begin(() => late.push('ended'));
  deadlines.begin(() => late.push('left'));
  deadlines.end(ended);
  jest.advanceTimersByTime(1_000);
  expect(late).toEqual(['left']);
});

test('thousands that end in time need one timer, and none when all is over', () => {
  const deadlines = new Deadlines(1_000);
  for (let count = 0; count < 5_000; count += 1) deadlines.end(deadlines.begin(() => undefined));
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(1_000);
  expect(jest.getTimerCount()).toBe(0);
});

test('one that begins while others are told that they are late gets all of its time', () => {
  const late: number[] = [];
  const deadlines = new Deadlines(1_000);
  deadlines.begin(() => deadlines.begin(() => late.push(Date.now())));
  const startedAt = Date.now();
  jest.advanceTimersByTime(2_000);
  expect(late).toEqual([startedAt + 2_000]);
  expect(jest.getTimerCount()).toBe(0);
});
