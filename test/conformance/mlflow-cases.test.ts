import { join } from 'node:path';
import { differences, playStory, readStories, type CasesTarget } from '../support/mlflow-cases';
import { startTestServer, type TestServer } from '../support/test-server';

/** MLflow's own server, for whoever doubts the cases: they were recorded from 3.17.2, and it passes them all. */
const PEER = process.env.MLFLOW_CASES_URL;
const stories = readStories(join(__dirname, 'mlflow-cases.json'));

let server: TestServer | undefined;
let target: CasesTarget;
beforeAll(async () => {
  if (PEER !== undefined) {
    target = { url: PEER, key: null, isOurs: false };
    return;
  }
  server = await startTestServer();
  target = { url: server.url, key: server.key, isOurs: true };
});
afterAll(() => server?.stop());

test.each(stories.map((story) => [story.story, story] as const))(
  'what MLflow answers: %s',
  async (_, story) => {
    expect(await playStory(story, target)).toEqual([]);
  },
);

test('an answer that differs is told with its place', () => {
  const expected = { run: { tags: [{ key: 'a', value: '1' }], steps: [1, 2], id: '<id>' } };
  const actual = {
    run: { tags: [{ key: 'b', value: '1' }], steps: [2, 1], id: 'x', more: 1 },
  };
  expect(differences(expected, actual, 'answer')).toEqual([
    'answer.run.tags.a: expected {"key":"a","value":"1"}, got undefined',
    'answer.run.tags has "b" too',
    'answer.run.steps[0]: expected 1, got 2',
    'answer.run.steps[1]: expected 2, got 1',
    'answer.run.id: expected "<id>", got "x"',
  ]);
});
