import { SequenceTurns } from '../../../../src/compat/open-inference/grpc-sequence-turns';

const asked = (sequence_id: string | number | bigint, modelName = 'm') => ({
  modelName,
  modelVersion: '',
  parameters: { sequence_id },
});
/** Until everything that was begun has gone as far as it can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

let begun: string[];
let ends: Map<string, (error?: Error) => void>;
let turns: SequenceTurns;
beforeEach(() => {
  begun = [];
  ends = new Map();
  turns = new SequenceTurns();
});
const take = (name: string, ...whose: Parameters<typeof asked>) =>
  turns.take(asked(...whose), () => {
    begun.push(name);
    return new Promise<string>((resolve, reject) =>
      ends.set(name, (error) => (error ? reject(error) : resolve(name))),
    );
  });

test('questions of one sequence go one after the other, in the order in which they came', async () => {
  const answers = [take('first', 7), take('second', 7), take('third', 7)];
  await settled();
  expect(begun).toEqual(['first']);
  ends.get('first')?.();
  await settled();
  expect(begun).toEqual(['first', 'second']);
  ends.get('second')?.();
  await settled();
  ends.get('third')?.();
  expect(await Promise.all(answers)).toEqual(['first', 'second', 'third']);
});

test('one that fails is told, and the next goes on', async () => {
  const first = take('first', 7);
  const second = take('second', 7);
  ends.get('first')?.(new Error('It is gone.'));
  await expect(first).rejects.toThrow('It is gone.');
  await settled();
  ends.get('second')?.();
  expect(await second).toBe('second');
});

test('other sequences, the same id of another kind or model, and questions of none wait for nobody', () => {
  void take('7', 7);
  void take('8', 8);
  void take('text', '7');
  void take('other model', 7, 'other');
  for (const none of [0, '']) for (const time of [1, 2]) void take(`none ${time}`, none);
  expect(begun).toEqual(['7', '8', 'text', 'other model', 'none 1', 'none 2', 'none 1', 'none 2']);
});
