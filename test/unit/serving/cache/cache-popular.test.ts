import type { Tensor } from '../../../../src/kernel/tensors/tensor';
import { decodeQuestion, PopularQuestions } from '../../../../src/serving/cache/cache-popular';

const asked = (value: number, count = 1) => ({
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [1, count], data: new Float32Array(count).fill(value) } as Tensor,
  ],
  outputs: undefined,
});
const valueOf = (bytes: Buffer) => (decodeQuestion(bytes)?.inputs[0]?.data as Float32Array)[0];

test('what comes again is counted, and comes back as it was asked', () => {
  const popular = new PopularQuestions();
  for (let hit = 0; hit < 3; hit += 1) popular.note('a', asked(1));
  popular.note('b', { ...asked(2), outputs: ['y'] });
  const taken = popular.take();
  expect(taken.map(({ hits, bytes }) => ({ hits, ...decodeQuestion(bytes) }))).toEqual([
    { hits: 3, ...asked(1) },
    { hits: 1, ...asked(2), outputs: ['y'] },
  ]);
  expect(popular.take()).toEqual([]);
});

test('the same question to two versions is one, with the hits of both', () => {
  const popular = new PopularQuestions();
  for (let hit = 0; hit < 3; hit += 1) popular.note('version 1', asked(1));
  popular.note('version 2', asked(1));
  popular.note('version 2, another', asked(2));
  const taken = popular.take();
  expect(taken.map(({ hits, bytes }) => [valueOf(bytes), hits])).toEqual([
    [1, 4],
    [2, 1],
  ]);
  expect(taken[0]?.hash).not.toEqual(taken[1]?.hash);
});

test('a thousand times as many that come once do not push out what comes often', () => {
  const popular = new PopularQuestions();
  for (let index = 0; index < 20_000; index += 1) {
    popular.note(`once ${index}`, asked(index));
    if (index % 20 === 0) popular.note('often', asked(-1));
  }
  const taken = popular.take();
  expect(taken.length).toBeLessThanOrEqual(500);
  const [most] = [...taken].sort((one, other) => other.hits - one.hits);
  expect(most && valueOf(most.bytes)).toBe(-1);
});

test('memory is bounded, and a question too large for it is not counted', () => {
  const popular = new PopularQuestions();
  popular.note('huge', asked(1, 100_000));
  expect(popular.size).toBe(0);
  for (let index = 0; index < 100; index += 1) popular.note(`large ${index}`, asked(index, 60_000));
  const bytes = popular.take().reduce((sum, taken) => sum + taken.bytes.byteLength, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(4.3 * 1024 ** 2);
});
