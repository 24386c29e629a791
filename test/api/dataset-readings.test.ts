import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataReader } from '../../src/datasets/data-reader';
import type { Member } from '../support/api-client';
import { startTestServer, type TestServer } from '../support/test-server';

/** Those who wait for a file to be read, and those who do not. */
let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.stop());

const REGISTER = `mutation ($input: RegisterDatasetVersionInput!) {
  registerDatasetVersion(input: $input) {
    __typename ... on RegisterDatasetVersionSuccess { created version { ref } } ... on UserError { code message }
  }
}`;
type Registered = Member & { readonly created: boolean; readonly version: { readonly ref: string } };
const register = async (input: object): Promise<Registered> =>
  (await server.data<{ registerDatasetVersion: Registered }>(REGISTER, { input })).registerDatasetVersion;

test('more callers than may wait for readings get one version of one file, since they wait for one reading', async () => {
  const sha256 = await server.upload(`a\n${'1\n'.repeat(200_000)}`);
  const answers = await Promise.all(
    Array.from({ length: 80 }, () => register({ dataset: 'crowd', artifact: { sha256 } })),
  );
  expect(new Set(answers.map(({ version }) => version.ref))).toEqual(new Set(['crowd@1']));
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
});

/** The next reading begins, and waits until it may go on. */
function heldReading() {
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  const perform = jest.spyOn(DataReader.prototype, 'perform');
  const begun = new Promise<void>((resolve) =>
    perform.mockImplementationOnce(async function (this: DataReader, job) {
      perform.mockRestore();
      resolve();
      await mayGoOn;
      return this.perform(job);
    }),
  );
  return { begun, goOn };
}

test('a caller that goes away while its file is read leaves a version, which is found by whoever asks again', async () => {
  const sha256 = await server.upload('a\n1\n');
  const input = { dataset: 'left', artifact: { sha256 } };
  const { begun, goOn } = heldReading();
  const call = request(`${server.url}/graphql`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json' },
  });
  const broken = once(call, 'error');
  const answered = jest.fn();
  call.on('response', answered);
  call.end(JSON.stringify({ query: REGISTER, variables: { input } }));
  await begun;
  call.destroy(new Error('gone'));
  await broken;
  await server.data('{ __typename }'); // comes behind that
  goOn();
  expect(answered).not.toHaveBeenCalled();
  const left = () => server.data('query { datasetVersion(ref: "left@1") { rowCount } }');
  while ((await left()).datasetVersion === null) await sleep(50);
  expect(await register(input)).toMatchObject({ created: false, version: { ref: 'left@1' } });
});
