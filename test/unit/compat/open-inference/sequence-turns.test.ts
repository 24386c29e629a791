import {
  MAX_IN_LINE,
  MAX_TORN,
  SequenceTurns,
  type Turn,
} from '../../../../src/compat/open-inference/sequence-turns';

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
  turns = new SequenceTurns('stream');
});
const take = (name: string, ...whose: Parameters<typeof asked>) =>
  turns.take('project', asked(...whose), (turn) => {
    begun.push(name);
    given.set(name, turn);
    return new Promise<{ readonly ok: boolean }>((resolve, reject) =>
      ends.set(name, (how) => (how instanceof Error ? reject(how) : resolve({ ok: how === undefined }))),
    );
  });
const isTorn = ({ refusal }: Turn) => refusal !== null;
const why = (name: string) => given.get(name)?.refusal?.error.message;
const TORN =
  /^parameters\.sequence_start: expected true, since an earlier question of the sequence 7 has failed/;
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
  expect([...given.values()].map(isTorn)).toEqual([false, false, false]);
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
  expect([...given].filter(([, turn]) => isTorn(turn)).map(([name]) => name)).toEqual(['third']);
});

test('one that comes once the failure is known is torn, too, and a beginning that fails tears anew', async () => {
  void take('refused', 7);
  await end('refused', 'refused');
  void take('later', 7);
  await end('later', 'refused');
  void take('anew', 7, 'm', true);
  await end('anew', 'refused');
  void take('last', 7);
  expect([...given.values()].map(isTorn)).toEqual([false, true, false, true]);
});

test('one that is not answered at all is told, and tears its sequence', async () => {
  const first = take('first', 7);
  void take('second', 7);
  ends.get('first')?.(new Error('It is gone.'));
  await expect(first).rejects.toThrow('It is gone.');
  await settled();
  expect(why('second')).toMatch(TORN);
});

test('as many torn sequences are remembered, and of more the last', async () => {
  const isStillTorn = async (id: number) => {
    void take(`${id} again`, id);
    const torn = why(`${id} again`) !== undefined;
    await end(`${id} again`, torn ? 'refused' : undefined);
    return torn;
  };
  for (let id = 1; id <= MAX_TORN + 1; id += 1) {
    void take(String(id), id);
    await end(String(id), 'refused');
  }
  expect([await isStillTorn(1), await isStillTorn(2), await isStillTorn(MAX_TORN + 1)]).toEqual([
    false,
    true,
    true,
  ]);
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

describe('of calls apart', () => {
  beforeEach(() => (turns = new SequenceTurns('calls')));

  test('those that wait while one fails are refused, and one that comes later has heard of it', async () => {
    for (const name of ['refused', 'waiting', 'waiting, too']) void take(name, 7);
    await end('refused', 'refused');
    void take('waiting still', 7);
    for (const name of ['waiting', 'waiting, too', 'waiting still']) {
      expect(why(name)).toBe(
        'parameters.sequence_start: expected true, since a question of the sequence 7 has failed while this one ' +
          'waited for its turn, got a question that goes on with it.',
      );
      await end(name, 'refused');
    }
    void take('again', 7);
    expect(given.get('again')).toEqual({ waitedMs: 0, refusal: null });
  });

  test('so many wait; one more is refused at once, and all that wait with it', async () => {
    for (let at = 1; at <= MAX_IN_LINE; at += 1) void take(String(at), 7);
    void take('one more', 7);
    void take('other', 8);
    expect(begun).toEqual(['1', 'one more', 'other']);
    expect(why('one more')).toBe(
      'parameters.sequence_id: expected at most 128 questions of the sequence 7 that wait for an answer, got one ' +
        'more: send it, and those that come after it, once the others have been answered.',
    );
    expect(why('other')).toBeUndefined();
    await end('one more', 'refused');
    for (let at = 1; at <= MAX_IN_LINE; at += 1) await end(String(at), at === 1 ? undefined : 'refused');
    expect(why('1')).toBeUndefined();
    expect(why('2')).toMatch(/has failed while this one waited/);
    expect(begun.at(-1)).toBe(String(MAX_IN_LINE));
  });

  test('those of another project wait for nobody', () => {
    void take('first', 7);
    void turns.take('other project', asked(7), () => {
      begun.push('other');
      return Promise.resolve({ ok: true });
    });
    expect(begun).toEqual(['first', 'other']);
  });
});
