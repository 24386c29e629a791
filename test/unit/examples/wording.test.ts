import { describeFailure } from '../../../examples/penguins/failure';
import { aligned, shortNumber } from '../../../examples/penguins/wording';

test('numbers are shown with the digits that matter, and what is not finite by its name', () => {
  const shown = [0.017746344, 5231.2, 65536, 0, 'NaN' as const, null].map(shortNumber);
  expect(shown).toEqual(['0.01775', '5,231', '65,536', '0', 'NaN', '–']);
});

test('cells stand below each other', () => {
  const rows = [
    ['sex', '11'],
    ['island', '0'],
  ];
  expect(aligned(rows)).toEqual(['sex     11', 'island  0']);
});

test('every kind of failure is told in words', () => {
  const refused = new Error('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  expect(describeFailure(refused)).toBe('fetch failed: connect ECONNREFUSED');
  expect(describeFailure([{ message: 'No such endpoint.' }])).toBe('No such endpoint.');
  expect(describeFailure({ code: 4403, reason: 'Forbidden' })).toBe(
    'The WebSocket was closed (4403 Forbidden).',
  );
});
