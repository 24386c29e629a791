import { randomUUID } from 'node:crypto';
import { newId } from '../../src/kernel/ids';
import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { deployEndpoint, predict } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

const QUESTION = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
const DAY_MS = 86_400_000;

let server: TestServer;
let routing: RoutingClient;
beforeAll(async () => {
  server = await startTestServer();
  routing = new RoutingClient(server);
  await new RegistryClient(server).version('scale', scaled(2));
  await deployEndpoint(server, 'scaled', [{ name: 'main', ref: 'scale@1.0.0', weight: 1 }]);
});
afterAll(() => server.stop());

const newPrediction = async () => (await predict(server, { endpoint: 'scaled', ...QUESTION })).predictionId;
/** The id that a prediction of the same variant would have had at another time. */
const movedTo = (predictionId: string, ms: number) => `${newId(ms)}.${predictionId.split('.')[1]}`;

test('what came of a prediction is recorded with who had answered', async () => {
  const predictionId = await newPrediction();
  const truth = { label: 'größer 🐧', at: [1, 2.5, null, true] };
  expect(await routing.recordFeedback({ predictionId, reward: 0.25, truth })).toEqual({
    __typename: 'RecordFeedbackSuccess',
    created: true,
    feedback: {
      predictionId,
      endpoint: { name: 'scaled' },
      variant: 'main',
      version: { ref: 'scale@1.0.0' },
      reward: 0.25,
      truth,
      predictedAt: expect.any(String),
    },
  });
});

test.each<[string, unknown]>([
  ['a text', 'cat'],
  ['a number', 7],
  ['a truth', false],
  ['nothing', null],
  ['a list', [[1], []]],
])('the truth may be %s', async (_what, truth) => {
  const answer = await routing.recordFeedback({ predictionId: await newPrediction(), reward: 1, truth });
  expect(answer.feedback.truth).toEqual(truth);
});

test('the same again changes nothing, another is refused, and a correction replaces', async () => {
  const predictionId = await newPrediction();
  const first = { predictionId, reward: 1, truth: { a: 1, b: 2 } };
  expect(await routing.recordFeedback(first)).toMatchObject({ created: true });
  expect(await routing.recordFeedback({ ...first, truth: { b: 2, a: 1 } })).toMatchObject({ created: false });
  for (const other of [
    { ...first, reward: 0 },
    { ...first, truth: { a: 1 } },
    { predictionId, reward: 1 },
  ]) {
    expect(await routing.recordFeedback(other)).toMatchObject({
      __typename: 'FeedbackConflictError',
      code: 'FEEDBACK_CONFLICT',
      reward: 1,
    });
  }
  const corrected = { predictionId, reward: 0.5, replace: true };
  expect(await routing.recordFeedback(corrected)).toMatchObject({
    created: false,
    feedback: { reward: 0.5 },
  });
  expect(await routing.recordFeedback(corrected)).toMatchObject({ created: false });
  expect(await routing.recordFeedback(first)).toMatchObject({
    __typename: 'FeedbackConflictError',
    reward: 0.5,
  });
});

test('a prediction that was asked by reference has no variant to credit', async () => {
  const { predictionId } = await predict(server, { ref: 'scale@1.0.0', ...QUESTION });
  expect(await routing.recordFeedback({ predictionId, reward: 1 })).toMatchObject({
    __typename: 'NotFoundError',
  });
});

test('nobody can credit what never answered here', async () => {
  const [uuid, mark = ''] = (await newPrediction()).split('.');
  const altered = `${uuid}.${mark.slice(0, 20)}${mark[20] === 'A' ? 'B' : 'A'}${mark.slice(21)}`;
  const stranger = await server.as('deployer', `project-${randomUUID()}`);
  await new RegistryClient(stranger).version('scale', scaled(2));
  await deployEndpoint(stranger, 'scaled', [{ name: 'main', ref: 'scale@1.0.0', weight: 1 }]);
  const { predictionId: theirs } = await predict(stranger, { endpoint: 'scaled', ...QUESTION });
  for (const predictionId of [altered, uuid, '', 'nonsense', theirs]) {
    expect(await routing.recordFeedback({ predictionId, reward: 1 })).toMatchObject({
      __typename: 'NotFoundError',
    });
  }
  expect(await new RoutingClient(stranger).recordFeedback({ predictionId: theirs, reward: 1 })).toMatchObject(
    {
      created: true,
    },
  );
});

test.each<[string, (predictionId: string) => object, string]>([
  [
    'a prediction of 32 days ago',
    (id) => ({ predictionId: movedTo(id, Date.now() - 32 * DAY_MS) }),
    'predictionId',
  ],
  [
    'a prediction of the day after tomorrow',
    (id) => ({ predictionId: movedTo(id, Date.now() + 2 * DAY_MS) }),
    'predictionId',
  ],
  ['a reward that is no number', () => ({ reward: 'NaN' }), 'reward'],
  ['an endless reward', () => ({ reward: '-Infinity' }), 'reward'],
  ['a reward too large to add up', () => ({ reward: 1e13 }), 'reward'],
  ['a truth that is too long', () => ({ truth: 'x'.repeat(10_000) }), 'truth'],
  ['a truth with U+0000', () => ({ truth: { a: ['b\0'] } }), 'truth'],
  ['a truth with U+0000 in a key', () => ({ truth: { 'a\0': 1 } }), 'truth'],
  ['a truth with half a character', () => ({ truth: '\ud800' }), 'truth'],
  [
    'a truth that is too deep',
    () => ({ truth: JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)) as unknown }),
    'truth',
  ],
])('%s is refused, with its place', async (_what, more, path) => {
  const predictionId = await newPrediction();
  const answer = await routing.recordFeedback({ predictionId, reward: 1, ...more(predictionId) });
  expect(answer).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
  expect(await routing.recordFeedback({ predictionId, reward: 1 })).toMatchObject({ created: true });
});

test('many at once are recorded in their order, and one that is refused leaves the others alone', async () => {
  const ids = await Promise.all(Array.from({ length: 3 }, newPrediction));
  await routing.recordFeedback({ predictionId: ids[1], reward: 0 });
  const { results } = await routing.recordFeedbackMany([
    { predictionId: ids[2], reward: 2 },
    { predictionId: 'nonsense', reward: 1 },
    { predictionId: ids[1], reward: 1 },
    { predictionId: ids[0], reward: 'NaN' },
    { predictionId: ids[0], reward: 3 },
    { predictionId: ids[0], reward: 4 },
  ]);
  expect(results).toMatchObject([
    { created: true, feedback: { reward: 2 } },
    { __typename: 'NotFoundError' },
    { __typename: 'FeedbackConflictError', reward: 0 },
    { __typename: 'InvalidInputError' },
    { created: true, feedback: { reward: 3 } },
    { __typename: 'InvalidInputError', issues: [{ path: 'predictionId' }] },
  ]);
});

test('a thousand go into one call, and no more', async () => {
  const id = await newPrediction();
  const feedback = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      predictionId: movedTo(id, Date.now() - index),
      reward: index % 2,
    }));
  const { results } = await routing.recordFeedbackMany(feedback(1_000));
  expect(results.filter(({ created }) => created)).toHaveLength(1_000);
  expect(await routing.recordFeedbackMany(feedback(1_001))).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: 'feedback' }],
  });
  expect(await routing.recordFeedbackMany([])).toMatchObject({ results: [] });
});

test('calls that race with the same predictions in another order all end, and each counts once', async () => {
  const id = await newPrediction();
  const now = Date.now();
  const feedback = Array.from({ length: 300 }, () => ({ predictionId: movedTo(id, now), reward: 1 }));
  const calls = Array.from({ length: 8 }, (_, call) => (call % 2 === 0 ? feedback : feedback.toReversed()));
  const answers = await Promise.all(calls.map((call) => routing.recordFeedbackMany(call)));
  const created = answers.flatMap(({ results }) => results.filter((result) => result.created));
  expect(created).toHaveLength(300);
});

test('ids of before a restart are known afterwards', async () => {
  const predictionId = await newPrediction();
  await server.restart();
  expect(await routing.recordFeedback({ predictionId, reward: 1 })).toMatchObject({ created: true });
});
