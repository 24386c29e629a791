import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Terminal } from '../../../src/cli/command';
import { cacheWarm } from '../../../src/cli/commands/cache-warm';

interface Call {
  readonly computed: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly isComplete: boolean;
}

let server: Server | undefined;
afterEach(() => server?.close());

const warmed = (...calls: readonly Call[]) => warmedUntil(calls, new AbortController().signal);

/** What is told where the server answers so, call after call. */
async function warmedUntil(calls: readonly Call[], stop: AbortSignal) {
  const left = [...calls];
  server = createServer((request, response) => {
    request.resume();
    const result = { __typename: 'WarmCacheSuccess', reasons: [], ...left.shift() };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: { result } }));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    ...{ width: 80, isPerson: false, showsProgress: false, stop },
    environment: { MODELGRAPH_URL: `http://127.0.0.1:${port}`, MODELGRAPH_KEY: 'key' },
    input: Readable.from([]),
  };
  const code = await cacheWarm.run(['scores'], terminal);
  return { code, out, err, left: left.length };
}
const call = (computed: number, alreadyThere: number, isComplete: boolean, refused = 0): Call => ({
  ...{ computed, alreadyThere, refused, isComplete },
});

test('it goes on until all is asked, and counts once what an earlier call has computed', async () => {
  expect(await warmed(call(600, 10, false), call(300, 615, true))).toEqual({
    ...{ code: 0, left: 0, err: '610 answers so far …\n' },
    out: '900 answers computed, 15 there already, 0 refused.\n',
  });
});

test('it ends where a call comes no further, since a cache that is too small never knows all', async () => {
  const ended = await warmed(call(600, 0, false), call(600, 0, false), call(600, 0, false));
  expect(ended).toMatchObject({ code: 3, left: 1 });
  expect(ended.err).toMatch(/Not all questions were reached.*cacheMaxBytes.*different processes.*CACHE_URL/);
});

test('who stops it is told so, and nothing of a cache that is too small', async () => {
  const ended = await warmedUntil([call(600, 0, false), call(300, 600, true)], AbortSignal.abort());
  expect(ended).toMatchObject({ code: 3, left: 1 });
  expect(ended.err).toMatch(/^Stopped before all questions were reached/);
});

test('questions that were refused are no success', async () => {
  expect(await warmed(call(5, 0, true, 1))).toMatchObject({
    code: 3,
    out: expect.stringMatching(/1 refused/),
  });
});
