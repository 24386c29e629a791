import { ageMsOf } from '../../../src/cli/age';

test.each([
  ['30d', 30 * 86_400_000],
  ['12h', 12 * 3_600_000],
  ['1d2h3m4s', 86_400_000 + 2 * 3_600_000 + 3 * 60_000 + 4_000],
  ['0.5d', 43_200_000],
  ['0s', 0],
])('%s', (text, ms) => {
  expect(ageMsOf('older-than', text)).toBe(ms);
});

test.each(['', '30', 'd', '2h1d', '-1d', '1e9d', '99999d', 'soon'])('“%s” is no age', (text) => {
  expect(() => ageMsOf('older-than', text)).toThrow(/expected an age such as 30d/);
});
