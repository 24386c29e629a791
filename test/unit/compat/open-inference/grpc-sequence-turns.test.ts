import {
  MAX_TORN,
  SequenceTurns,
  type Turn,
} from '../../../../src/compat/open-inference/grpc-sequence-turns';

const asked = (sequence_id: string | number | bigint, modelName = 'm', sequence_start = false) => ({
  modelName,
  modelVersion: '',
  parameters: { sequence_id, sequence_start },
});
/** Until everything that was begun has gone as far as it can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

let begun: string[];
let given: Map<string, Turn>;
/** How each is answered: well, refused, or not at all. */
let ends: Map<string, (how?: 'refused' | Error) => void>;
let turns: SequenceTurns;
beforeEach(() => {
  begun = [];
  given = new Map();
  ends = new Map();
  turns = new SequenceTurns();
});
const take = (name: string, ...whose: Parameters<typeof asked>) =>
  turns.take(asked(...whose), (turn) => {
    begun.push(name);
    given.set(name, turn);
    return new Promise<{ readonly ok: boolean }>((resolve, reject) =>
      ends.set(name, (how) => (how instanceof Error ? reject(how) : resolve({ ok: how === undefined }))),
    );
  });
const end = (name: string, how?: 'refused') => {
  ends.get(name)?.(how);
  return settled();
};

test('questions of one sequence go one after the other, in the order in which they came', async () => {
  const answers = [take('first', 7), take('second', 7), take('third', 7)];
  await settled();
  expect(begun).toEqual(['first']);
  await end('first');
  expect(begun).toEqual(['first', 'second']);
  await end('second');
  await end('third');
  expect(await Promise.all(answers)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
  expect([...given.values()].map(({ isTorn }) => isTorn)).toEqual([false, false, false]);
});

test('after one that is refused the rest is torn, until one begins the sequence anew', async () => {
  const START = ['m', true] as const;
  const asking: Parameters<typeof take>[] = [
    ['first', 7, ...START],
    ['refused', 7],
    ['third', 7],
    ['anew', 7, ...START],
    ['fifth', 7],
    ['other', 8],
  ];
  for (const each of asking) void take(...each);
  for (const [name] of asking)
    await end(name, name === 'refused' || name === 'third' ? 'refused' : undefined);
  expect(begun).toEqual(['first', 'other', 'refused', 'third', 'anew', 'fifth']);
  expect([...given].filter(([, { isTorn }]) => isTorn).map(([name]) => name)).toEqual(['third']);
});

test('one that comes once the failure is known is torn, too, and a beginning that fails tears anew', async () => {
  void take('refused', 7);
  await end('refused', 'refused');
  void take('later', 7);
  await end('later', 'refused');
  void take('anew', 7, 'm', true);
  await end('anew', 'refused');
  void take('last', 7);
  expect([...given.values()].map(({ isTorn }) => isTorn)).toEqual([false, true, false, true]);
});

test('one that is not answered at all is told, and tears its sequence', async () => {
  const first = take('first', 7);
  void take('second', 7);
  ends.get('first')?.(new Error('It is gone.'));
  await expect(first).rejects.toThrow('It is gone.');
  await settled();
  expect(given.get('second')).toMatchObject({ isTorn: true });
});

test('as many torn sequences are remembered, and of more the last', async () => {
  const isTorn = async (id: number) => {
    void take(`${id} again`, id);
    await end(`${id} again`, given.get(`${id} again`)?.isTorn ? 'refused' : undefined);
    return given.get(`${id} again`)?.isTorn;
  };
  for (let id = 1; id <= MAX_TORN + 1; id += 1) {
    void take(String(id), id);
    await end(String(id), 'refused');
  }
  expect([await isTorn(1), await isTorn(2), await isTorn(MAX_TORN + 1)]).toEqual([false, true, true]);
});

test('how long one has waited for its turn is told', async () => {
  let nowMs = 1_000;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  void take('first', 7);
  void take('second', 7);
  nowMs += 30;
  await end('first');
  clock.mockRestore();
  expect([...given.values()].map(({ waitedMs }) => waitedMs)).toEqual([0, 30]);
});

test('other sequences, the same id of another kind or model, and questions of none wait for nobody', () => {
  void take('7', 7);
  void take('8', 8);
  void take('text', '7');
  void take('other model', 7, 'other');
  for (const none of [0, '']) for (const time of [1, 2]) void take(`none ${time}`, none);
  expect(begun).toEqual(['7', '8', 'text', 'other model', 'none 1', 'none 2', 'none 1', 'none 2']);
});
