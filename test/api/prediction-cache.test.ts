import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CachedEndpoint, rowOf, tensorOf } from '../support/cache-client';
import { runCli } from '../support/cli-process';
import { floatBytes, GrpcClient } from '../support/grpc-client';
import { affine, affineAnswer } from '../support/onnx-models';
import type { V2Json } from '../support/open-inference-client';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const registry = new RegistryClient(server);
  await registry.promote(await registry.version('affine', affine()), 'production');
  await registry.version('affine', affine(30, 2));
});
afterAll(() => server.stop());

let count = 0;
/** An endpoint of the test's own. */
async function cached(settings: object = {}, refs = ['affine@1.0.0']): Promise<CachedEndpoint> {
  const endpoint = new CachedEndpoint(server, `scores-${(count += 1)}`);
  await endpoint.deploy(refs, settings);
  return endpoint;
}
const file = (...lines: readonly (object | string)[]) =>
  server.upload(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));

test('an equal question is answered from memory, and says so', async () => {
  const endpoint = await cached();
  const first = await endpoint.ask(1);
  expect(first).toMatchObject({ cached: false, cacheAgeMs: null, batchSize: 1 });
  const again = await endpoint.ask(1);
  expect(again).toMatchObject({ cached: true, batchSize: 0, timing: { queueMs: 0, computeMs: 0 } });
  expect(again.cacheAgeMs).toBeGreaterThanOrEqual(0);
  expect(again.outputs[0]?.data).toEqual(affineAnswer(rowOf(1)));
  expect(again.predictionId).not.toBe(first.predictionId);
});

/** How old an answer is by each door's own word, and null where the door says nothing of it. */
const AGES: Readonly<Record<string, (endpoint: string, first: number) => Promise<unknown>>> = {
  'V2 over HTTP': async (endpoint, first) => {
    const answer = await post(`/v2/models/${endpoint}/infer`, { inputs: [tensorOf(first)] });
    const { parameters } = (await answer.json()) as V2Json;
    expect(parameters?.cached).toBe('cache_age_ms' in (parameters ?? {}) ? true : undefined);
    return parameters?.cache_age_ms ?? null;
  },
  gRPC: async (endpoint, first) => {
    const grpc = new GrpcClient(server.grpcAddress, server.key);
    const input = { name: 'x', datatype: 'FP32', shape: [1n, 30n] };
    const question = { modelName: endpoint, inputs: [input], rawInputContents: [floatBytes(rowOf(first))] };
    const { parameters } = await grpc.infer(question).finally(() => grpc.close());
    expect(parameters.cached?.parameterChoice.value).toBe('cache_age_ms' in parameters ? true : undefined);
    return parameters.cache_age_ms ? Number(parameters.cache_age_ms.parameterChoice.value) : null;
  },
  'TensorFlow Serving’s': async (endpoint, first) => {
    const answer = await post(`/v1/models/${endpoint}:predict`, { instances: [rowOf(first)] });
    const age = answer.headers.get('x-modelgraph-cache-age-ms');
    return age === null ? null : Number(age);
  },
};
const post = (path: string, body: object) =>
  fetch(`${server.url}${path}`, { method: 'POST', headers: server.headers, body: JSON.stringify(body) });

test.each(Object.entries(AGES))('%s says how old an answer from memory is', async (_door, ageOf) => {
  const endpoint = await cached();
  expect(await ageOf(endpoint.name, 1)).toBeNull();
  const age = await ageOf(endpoint.name, 1);
  expect(Number.isInteger(age) && Number(age) >= 0).toBe(true);
});

test('another question is not', async () => {
  const endpoint = await cached();
  await endpoint.ask(2);
  expect(await endpoint.ask(3)).toMatchObject({ cached: false });
});

test('an endpoint that says nothing of it remembers nothing', async () => {
  const endpoint = await cached({ cacheTtlMs: 0 });
  await endpoint.ask(1);
  expect(await endpoint.ask(1)).toMatchObject({ cached: false, cacheAgeMs: null });
  const nothing = { hits: 0, misses: 0, coalesced: 0, entries: 0, sizeBytes: 0, oldestAgeMs: null };
  expect(await endpoint.numbers()).toEqual(nothing);
});

test('each endpoint has answers and numbers of its own', async () => {
  const [one, other] = [await cached(), await cached()];
  await one.ask(1);
  await one.ask(1);
  expect(await one.numbers()).toMatchObject({ hits: 1, misses: 1, coalesced: 0, entries: 1 });
  expect(await other.ask(1)).toMatchObject({ cached: false });
  const { sizeBytes, oldestAgeMs } = await one.numbers();
  expect(sizeBytes).toBeGreaterThan(12); // three floats
  expect(oldestAgeMs).toBeGreaterThanOrEqual(0);
});

test('another version never answers from the memory of the first', async () => {
  const endpoint = await cached();
  await endpoint.ask(4);
  await endpoint.deploy(['affine@2.0.0']);
  const answer = await endpoint.ask(4);
  expect(answer).toMatchObject({ cached: false, version: { number: '2.0.0' } });
  expect(answer.outputs[0]?.data).toHaveLength(2);
});

test('and after a rollback the first one’s answers are still there', async () => {
  const endpoint = await cached();
  await endpoint.ask(4);
  await endpoint.deploy(['affine@2.0.0']);
  await endpoint.deploy(['affine@1.0.0']);
  expect(await endpoint.ask(4)).toMatchObject({ cached: true, version: { number: '1.0.0' } });
});

test('an endpoint that wants no cache any more gives its memory back', async () => {
  const endpoint = await cached();
  await endpoint.ask(1);
  await endpoint.deploy(['affine@1.0.0'], { cacheTtlMs: 0 });
  expect(await endpoint.numbers()).toMatchObject({ entries: 0, sizeBytes: 0 });
  await endpoint.deploy(['affine@1.0.0']);
  expect(await endpoint.ask(1)).toMatchObject({ cached: false });
});

test('who asks the same at the same time shares one run, and has a prediction of one’s own', async () => {
  const endpoint = await cached();
  const callers = 50;
  const answers = await Promise.all(Array.from({ length: callers }, () => endpoint.ask(7)));
  for (const { outputs } of answers) expect(outputs[0]?.data).toEqual(affineAnswer(rowOf(7)));
  expect(new Set(answers.map(({ predictionId }) => predictionId)).size).toBe(callers);
  const { hits, misses, coalesced } = await endpoint.numbers();
  expect({ misses, answered: hits + coalesced }).toEqual({ misses: 1, answered: callers - 1 });
});

test('rows and tensors that mean the same are one question', async () => {
  const endpoint = await cached();
  await endpoint.ask(1);
  const answer = await endpoint.ask({ rows: [{ x: rowOf(1) }] });
  expect(answer).toMatchObject({ __typename: 'PredictSuccess', cached: true });
});

describe('preloading', () => {
  test('the questions of a file are answered from memory afterwards', async () => {
    const endpoint = await cached();
    await endpoint.ask(1);
    const sha256 = await file({ inputs: [tensorOf(1)] }, { inputs: [tensorOf(2)] }, '', {
      inputs: [tensorOf(3)],
      outputs: ['y'],
    });
    expect(await endpoint.warm({ artifact: { sha256 } })).toEqual({
      ...{ __typename: 'WarmCacheSuccess', computed: 2, alreadyThere: 1, refused: 0, reasons: [] },
      isComplete: true,
    });
    expect(await endpoint.ask(2)).toMatchObject({ cached: true });
    expect(await endpoint.ask({ inputs: [tensorOf(3)], outputs: ['y'] })).toMatchObject({ cached: true });
    expect(await endpoint.numbers()).toMatchObject({ hits: 2, misses: 1, entries: 3 });
  });

  test('every variant that may answer knows them', async () => {
    const endpoint = await cached({}, ['affine@1.0.0', 'affine@2.0.0']);
    const sha256 = await file({ inputs: [tensorOf(1)] });
    expect(await endpoint.warm({ artifact: { sha256 } })).toMatchObject({ computed: 2 });
    for (let call = 0; call < 10; call += 1) expect(await endpoint.ask(1)).toMatchObject({ cached: true });
  });

  test('lines that are no questions are told with their place, and keep nothing from the others', async () => {
    const endpoint = await cached();
    const wrongShape = { ...tensorOf(1), shape: [1, 2], data: [1, 2] };
    const lines = ['{', '[1]', { rows: 'x' }, { inputs: [wrongShape] }, { rows: [], inputs: [] }, '7'];
    const sha256 = await file(...lines, { inputs: [tensorOf(1)] });
    const warmed = await endpoint.warm({ artifact: { sha256 } });
    expect(warmed).toMatchObject({ computed: 1, refused: 6, isComplete: true });
    expect(warmed.reasons).toHaveLength(5);
    const [notJson, , , shape] = [...warmed.reasons].sort();
    expect(notJson).toMatch(/^line 1: expected \{"rows"/);
    expect(shape).toMatch(/^line 4: inputs\[0\]\.shape: expected \[-1, 30\]/);
  });

  test('the questions that came again most often are asked of a new version', async () => {
    const endpoint = await cached();
    for (let call = 0; call < 4; call += 1) await endpoint.ask(1);
    for (let call = 0; call < 3; call += 1) await endpoint.ask(2);
    for (let call = 0; call < 2; call += 1) await endpoint.ask(3);
    await endpoint.ask(4);
    await endpoint.deploy(['affine@2.0.0']);
    expect(await endpoint.warm({ popular: 2 })).toMatchObject({ computed: 2, alreadyThere: 0, refused: 0 });
    const answers = [];
    for (const question of [1, 2, 3, 4]) answers.push(await endpoint.ask(question));
    expect(answers.map((answer) => answer.cached)).toEqual([true, true, false, false]);
    expect(answers[0]).toMatchObject({ version: { number: '2.0.0' } });
  });

  test('they are known after a restart too', async () => {
    const endpoint = await cached();
    for (let call = 0; call < 3; call += 1) await endpoint.ask(11);
    await server.restart();
    expect(await endpoint.numbers()).toMatchObject({ entries: 0 });
    expect(await endpoint.warm({ popular: 1_000 })).toMatchObject({ computed: 1 });
    expect(await endpoint.ask(11)).toMatchObject({ cached: true });
  });

  test('a question that has had hits of two versions since they were last written is kept', async () => {
    const endpoint = await cached();
    for (const ref of ['affine@1.0.0', 'affine@2.0.0']) {
      await endpoint.deploy([ref]);
      for (let call = 0; call < 2; call += 1) await endpoint.ask(1);
    }
    await server.restart();
    expect(await endpoint.warm({ popular: 1_000 })).toMatchObject({ computed: 1 });
  });

  test('hits are counted together, whichever version had them and however often they were written', async () => {
    const endpoint = await cached();
    const askTwice = async (question: number) => [await endpoint.ask(question), await endpoint.ask(question)];
    await askTwice(1);
    await askTwice(2);
    await endpoint.warm({ popular: 1 });
    await endpoint.deploy(['affine@2.0.0']);
    await askTwice(2);
    await endpoint.deploy(['affine@1.0.0'], { cacheTtlMs: 59_000 });
    const fresh = await cached();
    expect(await fresh.warm({ popular: 1 })).toMatchObject({ computed: 0 }); // another endpoint’s are not its
    expect(await endpoint.warm({ popular: 1_000 })).toMatchObject({ alreadyThere: 2 });
  });

  test.each([
    ['neither a file nor a number', {}, 'input'],
    ['both', { popular: 1, artifact: { sha256: '0'.repeat(64) } }, 'input'],
    ['none of them', { popular: 0 }, 'popular'],
    ['too many of them', { popular: 1_001 }, 'popular'],
  ])('%s is refused', async (_, what, path) => {
    const endpoint = await cached();
    expect(await endpoint.warm(what)).toMatchObject({ __typename: 'InvalidInputError', issues: [{ path }] });
  });

  test('an endpoint without a cache is refused, and so is one that is not there, or a file that is not', async () => {
    const off = await cached({ cacheTtlMs: 0 });
    expect(await off.warm({ popular: 1 })).toMatchObject({ issues: [{ path: 'endpoint' }] });
    const gone = new CachedEndpoint(server, 'nowhere');
    expect(await gone.warm({ popular: 1 })).toMatchObject({ __typename: 'NotFoundError' });
    const endpoint = await cached();
    for (const sha256 of ['0'.repeat(64), 'x'])
      expect(await endpoint.warm({ artifact: { sha256 } })).toMatchObject({ __typename: 'NotFoundError' });
  });

  test('it takes the right to deploy', async () => {
    const endpoint = await cached();
    const reader = await server.as('reader');
    await expect(endpoint.warm({ popular: 1 }, reader)).rejects.toThrow('endpoint:deploy');
  });
});

describe('`modelgraph cache warm`', () => {
  const warm = (...args: string[]) =>
    runCli(['cache', 'warm', ...args], { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key });

  test('asks the popular questions, and tells how many there were', async () => {
    const endpoint = await cached();
    for (const question of [1, 1, 2, 2, 3]) await endpoint.ask(question);
    await endpoint.deploy(['affine@2.0.0']);
    expect(await warm(endpoint.name, '--popular', '1')).toEqual({
      ...{ code: 0, err: '' },
      out: '1 answer computed, 0 there already, 0 refused.\n',
    });
    expect(await warm(endpoint.name)).toMatchObject({
      out: '1 answer computed, 1 there already, 0 refused.\n',
    });
    expect(await endpoint.ask(2)).toMatchObject({ cached: true, version: { number: '2.0.0' } });
  });

  test('asks the questions of a file, and ends with 3 where some are none, with their places', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'modelgraph-warm-'));
    const path = join(folder, 'questions.jsonl');
    await writeFile(path, `${JSON.stringify({ inputs: [tensorOf(1)] })}\nseven\n`);
    const endpoint = await cached();
    const { code, out, err } = await warm(endpoint.name, '--file', path);
    expect(out).toBe('1 answer computed, 0 there already, 1 refused.\n');
    expect(err).toMatch(/^line 2: expected .*got what is not JSON\n$/);
    expect(code).toBe(3);
    expect(await endpoint.ask(1)).toMatchObject({ cached: true });
    await rm(folder, { recursive: true });
  });

  test('ends with 3 and a sentence where there is no such endpoint, or no such file', async () => {
    const gone = await warm('nowhere');
    expect(gone).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/nowhere/) as string });
    const { name } = await cached();
    const unread = await warm(name, '--file', '/nowhere.jsonl');
    expect(unread).toMatchObject({ code: 3, err: expect.stringMatching(/file cannot be read/) as string });
  });
});
