import { UsageError } from '../../../src/cli/command';
import { durationMsOf } from '../../../src/cli/option-values';

test('times have a unit, so that nobody takes seconds for milliseconds', () => {
  expect(['500ms', '1.5s', '2m', '1h', '0'].map((text) => durationMsOf('duration', text))).toEqual([
    500, 1_500, 120_000, 3_600_000, 0,
  ]);
  for (const text of ['10', '-1s', 's', '', '25h', '1e9s', '1 s'])
    expect(() => durationMsOf('duration', text)).toThrow(UsageError);
});
