import { Readable } from 'node:stream';
import fc from 'fast-check';
import { factsIn } from '../../../src/cli/arguments';
import { linesOf } from '../../../src/cli/lines';
import { metricsOf, pointLineOf } from '../../../src/cli/point-line';

test.each([
  ['{"step": 1, "loss": 0.5}', { step: 1, metrics: { loss: 0.5 } }],
  ['{"loss": "NaN", "b": "-Infinity", "c": -0}', { step: 0, metrics: { loss: NaN, b: -Infinity, c: -0 } }],
  ['{"step": "9223372036854775807", "a": 1}', { step: 9223372036854775807n, metrics: { a: 1 } }],
  [
    '{"a": 1, "timestamp": "2026-11-29T10:00:00Z"}',
    { step: 0, metrics: { a: 1 }, timestamp: new Date('2026-11-29T10:00:00Z') },
  ],
  ['loss: 1', expect.stringMatching(/^it is not JSON/)],
  ['[1]', 'expected an object'],
  ['null', 'expected an object'],
  ['{"step": 9007199254740993, "a": 1}', expect.stringMatching(/beyond 2\^53 as text/)],
  ['{"step": 1.5, "a": 1}', expect.stringMatching(/^step/)],
  ['{"a": "1"}', '“a”: expected a number'],
  ['{"a": null}', '“a”: expected a number'],
  ['{"a": 1, "timestamp": 5}', expect.stringMatching(/^timestamp/)],
])('the line %s is read', (line, expected) => expect(pointLineOf(line)).toEqual(expected));

test('values on the command line are numbers by key, and keys may hold =', () => {
  expect(metricsOf(['loss=0.5', 'a=b=-1e3', 'c=NaN', 'd=-0'])).toEqual({
    loss: 0.5,
    'a=b': -1000,
    c: NaN,
    d: -0,
  });
});

test.each(['loss', '=1', 'loss=', 'loss=low', 'loss=0x10', 'loss=1 '])('%j is no value', (pair) => {
  expect(() => metricsOf([pair])).toThrow(/Expected key=number/);
});

test('a metric that is there twice is none of them', () => {
  expect(() => metricsOf(['loss=1', 'acc=1', 'loss=2'])).toThrow('“loss” is there twice.');
});

test('params are texts by key, each once', () => {
  expect(factsIn('--param', ['a=1=2', 'b='])).toEqual({ a: '1=2', b: '' });
  expect(() => factsIn('--param', ['a=1', 'a=2'])).toThrow(/“a” is there twice/);
  expect(() => factsIn('--param', ['=1'])).toThrow(/expected key=value/);
});

async function linesIn(chunks: readonly Buffer[]): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  const input = Readable.from(chunks, { objectMode: false });
  for await (const line of linesOf(input, new AbortController().signal)) lines.push(line);
  return lines;
}

test('lines are the same however their bytes come', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n')));
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(await linesIn(chunks)).toEqual(lines);
    }),
  );
});

test('a line that never ends is not kept, and the next one is read', async () => {
  const long = Buffer.alloc(700_000, 'x');
  expect(await linesIn([long, long, Buffer.from('\nshort\nlast')])).toEqual([null, 'short', 'last']);
});
