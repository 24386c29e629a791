import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { shellPath, shellWord, shellWords } from '../../../../src/tracking/setup/shell-words';

test.each([
  ['train.py', 'train.py'],
  ['--lr=0.1', '--lr=0.1'],
  ['', "''"],
  ["it's", "'it'\\''s'"],
  ['A=b', "'A=b'"],
  ['$HOME', "'$HOME'"],
  ['~', "'~'"],
  ['a b', "'a b'"],
  ['line\nline', "'line\nline'"],
  ['if', "'if'"],
  ['{', "'{'"],
  ['#x', "'#x'"],
  ['é', "'é'"],
])('%j is the word %s', (text, word) => expect(shellWord(text)).toBe(word));

test('a path is no option', () => {
  expect(shellPath('-rf')).toBe('./-rf');
  expect(shellPath('a/-rf')).toBe('a/-rf');
});

/** What shells are made of, more often than chance would have it. */
const text = fc
  .array(
    fc.oneof(fc.constantFrom(...`'"\\$\`!#~*?[]{}()<>|&; \n\t=-%^aA1é😀`), fc.string({ maxLength: 3 })),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))
  .filter((word) => word.isWellFormed());

test.each(['sh', 'bash'])('%s gives a program exactly the words that were quoted', (shell) => {
  // Many lists a call: starting a shell is what takes long.
  fc.assert(
    fc.property(fc.array(text, { minLength: 100, maxLength: 400 }), (words) => {
      const script = `printf '%s\\0' ${shellWords(words)}`;
      const out = execFileSync(shell, ['-c', script], { encoding: 'utf8' });
      expect(out).toBe(words.map((word) => `${word}\0`).join(''));
    }),
    { numRuns: 4 },
  );
});

test('a first word is a program, whatever it is', () => {
  for (const word of ['if', 'A=b', 'time', '~', '{'])
    expect(spawnSync('sh', ['-c', shellWords([word, 'x'])]).status).toBe(127);
});
