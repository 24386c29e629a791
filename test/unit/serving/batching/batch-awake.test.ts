import { stayAwake } from '../../../../src/kernel/stay-awake';
import { Batcher } from '../../../../src/serving/batching/batcher';
import type { BatcherOptions } from '../../../../src/serving/batching/batcher-options';
import { FakeBackend } from '../../../support/fake-backend';

jest.mock('../../../../src/kernel/stay-awake');
const asked = jest.mocked(stayAwake);
beforeEach(() => asked.mockClear());

/** A batcher that has learnt what a run takes, with one more run on its way. */
async function running(callers: number, computeMs: number, options: Partial<BatcherOptions> = {}) {
  const backend = new FakeBackend(1, computeMs);
  let turn: (() => void) | undefined;
  const batcher = new Batcher(backend, { mayStayAwake: true, nextTurn: (task) => (turn = task), ...options });
  const ask = (count: number) => {
    const answers = Array.from({ length: count }, () =>
      batcher.submit({
        file: { sha256: 'm', path: '/m' },
        batchable: true,
        inputs: [{ name: 'x', datatype: 'FP64', shape: [1, 1], data: Float64Array.of(1) }],
        deadlineAt: Infinity,
      }),
    );
    for (let turns = 0; turns < 4; turns += 1) turn?.();
    return Promise.all(answers);
  };
  const first = ask(1);
  backend.runs[0]?.finish();
  await first;
  asked.mockClear();
  const answers = ask(callers);
  return { backend, answers };
}

test('for a lonely caller’s short run the server stays awake, until it is over', async () => {
  const { backend, answers } = await running(1, 0.05);
  const [hasCome, limitMs] = asked.mock.calls[0] ?? [];
  expect(asked).toHaveBeenCalledTimes(1);
  expect(limitMs).toBeLessThan(0.5);
  expect(hasCome?.()).toBe(false);
  backend.runs[0]?.finish();
  await answers;
  expect(hasCome?.()).toBe(true);
});

test.each([
  ['a run of several callers', 2, 0.05, {}],
  ['a run that takes its time', 1, 5, {}],
  ['one processor, which others need', 1, 0.05, { mayStayAwake: false }],
])('it sleeps during %s', async (_what, callers, computeMs, options) => {
  const { backend, answers } = await running(callers, computeMs, options);
  expect(backend.runs).toHaveLength(1);
  expect(backend.runs[0]?.options.shared).toBe(callers > 1);
  expect(asked).not.toHaveBeenCalled();
  backend.runs[0]?.finish();
  await answers;
});
