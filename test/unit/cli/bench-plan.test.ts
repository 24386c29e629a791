import { loadText, stagesOf } from '../../../src/cli/bench/bench-plan';
import { UsageError } from '../../../src/cli/command';

const loads = (options: Parameters<typeof stagesOf>[0]) =>
  stagesOf(options, 10_000).map(({ load, durationMs }) => `${loadText(load)} for ${durationMs} ms`);

test('without a load there is one caller', () => {
  expect(loads({})).toEqual(['1 caller for 10000 ms']);
});

test('callers, a rate, or steps of either each get the whole duration', () => {
  expect(loads({ concurrency: '8' })).toEqual(['8 callers for 10000 ms']);
  expect(loads({ rate: '1000' })).toEqual(['1,000/s for 10000 ms']);
  expect(loads({ ramp: '1,2,16' })).toEqual([
    '1 caller for 10000 ms',
    '2 callers for 10000 ms',
    '16 callers for 10000 ms',
  ]);
  expect(loads({ ramp: '50/s,0.5/s' })).toEqual(['50/s for 10000 ms', '0.5/s for 10000 ms']);
});

test('a range rises evenly, in ten parts of one duration', () => {
  const rising = loads({ ramp: '100..1100' });
  expect(rising).toHaveLength(10);
  expect([rising[0], rising[9]]).toEqual(['100–200/s for 1000 ms', '1,000–1,100/s for 1000 ms']);
});

test.each([
  { concurrency: '0' },
  { concurrency: '1.5' },
  { concurrency: '1000000' },
  { rate: '0' },
  { rate: '-1' },
  { rate: '1e3' },
  { rate: 'Infinity' },
  { ramp: '' },
  { ramp: '1,,2' },
  { ramp: '1..2..3' },
  { ramp: Array(51).fill('1').join(',') },
  { rate: '1', concurrency: '1' },
])('%j is refused with a sentence', (options) => {
  expect(() => stagesOf(options, 1_000)).toThrow(UsageError);
});
