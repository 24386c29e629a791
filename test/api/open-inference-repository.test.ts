import { identity } from '../support/onnx-models';
import { OpenInferenceClient, type V2Answer, type V2Statistics } from '../support/open-inference-client';
import { RegistryClient, scaled } from '../support/registry-client';
import { RoutingClient } from '../support/routing-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let v2: OpenInferenceClient;
beforeAll(async () => {
  server = await startTestServer();
  v2 = new OpenInferenceClient(server);
  const registry = new RegistryClient(server);
  await registry.version('points', scaled(2));
  await registry.version('points', scaled(3));
  await registry.promote('points@1.0.0', 'production');
  await registry.version('two words', identity('FP32'));
  await registry.promote('two words@1.0.0', 'production');
  await deployEndpoint(server, 'scores', [{ ref: 'points@production', weight: 1 }]);
});
afterAll(() => server.stop());

const stateOf = async (name: string, version = '1') => {
  const { json } = await v2.post('/repository/index');
  const entries = json as unknown as { name: string; version: string; state: string; reason: string }[];
  return entries.find((entry) => entry.name === name && entry.version === version);
};
const change = (what: 'load' | 'unload', name: string, body: object | string = ''): Promise<V2Answer> =>
  v2.post(`/repository/models/${encodeURIComponent(name)}/${what}`, body);
const ask = (name: string, rows = 1) => {
  const data = Array.from({ length: rows * 2 }, () => 1);
  return v2.infer(name, { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data }] });
};

describe('the repository', () => {
  test('a model is loaded, is in memory, is unloaded, and comes back when it is asked for', async () => {
    expect(await stateOf('two words')).toMatchObject({
      state: 'UNAVAILABLE',
      reason: 'Not in memory: a load call, or the first request, brings it there.',
    });
    expect(await change('load', 'two words')).toMatchObject({ status: 200, json: {} });
    expect(await stateOf('two words')).toMatchObject({ state: 'READY', reason: '' });
    expect(await change('unload', 'two words', { parameters: { unload_dependents: true } })).toMatchObject({
      status: 200,
    });
    expect(await stateOf('two words')).toMatchObject({ state: 'UNAVAILABLE' });
    expect((await ask('two words')).status).toBe(200);
    expect(await stateOf('two words')).toMatchObject({ state: 'READY' });
  });

  test('the index tells endpoints, models and versions; or only what is ready', async () => {
    const { json } = await v2.post('/repository/index', {});
    const entries = json as unknown as { name: string; version: string }[];
    expect(entries.map(({ name, version }) => `${name} ${version}`)).toEqual([
      ...['scores 1', 'two words 1', 'points 2', 'points 1'],
    ]);
    await change('unload', 'two words');
    const ready = (await v2.post('/repository/index', { ready: true })).json;
    expect(ready).toEqual([
      { name: 'scores', version: '1', state: 'READY', reason: '' },
      { name: 'points', version: '1', state: 'READY', reason: '' },
    ]);
  });

  test('an endpoint named like a model stands in its place: each name and version is told once', async () => {
    const registry = new RegistryClient(server);
    await registry.version('same', scaled(2));
    await registry.version('same', scaled(3));
    await registry.version('taken', scaled(4));
    await deployEndpoint(server, 'same', [{ ref: 'same@1.0.0', weight: 1 }]);
    await deployEndpoint(server, 'taken', [{ ref: 'same@1.0.1', weight: 1 }]);
    const entries = (await v2.post('/repository/index')).json as unknown as {
      name: string;
      version: string;
    }[];
    const mine = entries.filter(({ name }) => name === 'same' || name === 'taken');
    expect(mine.map(({ name, version }) => `${name} ${version}`).sort()).toEqual([
      'same 1',
      'same 2',
      'taken 2',
    ]);
    for (const { name, version } of mine)
      expect(await v2.get(`/models/${name}/versions/${version}/ready`)).toMatchObject({ status: 200 });
  });

  test('a version of a model without production says how it is asked: its name alone leads nowhere', async () => {
    const registry = new RegistryClient(server);
    await registry.version('scalar', scaled(7));
    await registry.version('scalar', scaled(8));
    const reason = (ref: string) =>
      `By this name alone nobody is asked until a version is promoted to “production”: load and ask “${ref}”.`;
    expect(await stateOf('scalar')).toMatchObject({
      state: 'UNAVAILABLE',
      reason: `Not in memory. ${reason('scalar@1.0.0')}`,
    });
    expect((await change('load', 'scalar')).status).toBe(404);
    expect((await change('load', 'scalar@1.0.0')).status).toBe(200);
    expect((await ask('scalar')).status).toBe(404);
    expect(await stateOf('scalar')).toMatchObject({ state: 'READY', reason: reason('scalar@1.0.0') });
    expect(await stateOf('scalar', '2')).toMatchObject({
      reason: expect.stringContaining(reason('scalar@1.0.1')),
    });
    await registry.promote('scalar@1.0.1', 'production');
    expect(await stateOf('scalar')).toMatchObject({ state: 'READY', reason: '' });
    expect((await change('load', 'scalar')).status).toBe(200);
  });

  test('what an endpoint runs is not unloaded, by whichever name', async () => {
    for (const name of ['scores', 'points', 'points@1.0.0']) {
      expect(await change('unload', name)).toMatchObject({
        status: 400,
        json: {
          error:
            'points@1.0.0 runs behind the endpoint “scores”. Give the endpoint other variants, then unload it.',
        },
      });
    }
    expect(await stateOf('scores')).toMatchObject({ state: 'READY' });
  });

  test.each([
    ['config', '{}', 'parameters.config: expected none: the configuration follows from the model, got "{}".'],
    [
      'file:1/model.onnx',
      'AAAA',
      'parameters.file:1/model.onnx: expected no file: register the model, then load it, got a file.',
    ],
  ])('a load that brings its own %s is refused', async (name, given, error) => {
    const answer = await change('load', 'points', { parameters: { [name]: given } });
    expect(answer).toMatchObject({ status: 400, json: { error } });
  });

  test('what does not exist is neither loaded nor unloaded', async () => {
    const refused = { status: 404, json: { error: 'There is no endpoint or model “nobody”.' } };
    expect(await change('load', 'nobody')).toMatchObject(refused);
    expect(await change('unload', 'nobody')).toMatchObject(refused);
  });

  test.each(['[]', '7', '{"ready":'])('a body of %s is refused', async (body) => {
    for (const path of [
      '/repository/index',
      '/repository/models/points/load',
      '/repository/models/points/unload',
    ])
      expect(await v2.post(path, body)).toMatchObject({
        status: 400,
        json: { error: expect.stringContaining('JSON') },
      });
    expect(await v2.post('/repository/index', { ready: 'yes' })).toMatchObject({ status: 400 });
  });

  test('a contributor may look at it, and not change it', async () => {
    const contributor = new OpenInferenceClient(await server.as('contributor'));
    expect((await contributor.post('/repository/index')).status).toBe(200);
    for (const what of ['load', 'unload'])
      expect(await contributor.post(`/repository/models/points/${what}`)).toMatchObject({
        status: 403,
        json: { error: 'This call requires the permission “endpoint:deploy”.' },
      });
  });
});

describe('statistics', () => {
  const statsOf = async (path: string) => (await v2.get(path)).json.model_stats ?? [];

  test('rows, runs, failures and times of a version are counted', async () => {
    const [before] = await statsOf('/models/scores/stats');
    for (const rows of [1, 3, 3]) await ask('scores', rows);
    await v2.infer('scores', { inputs: [] });
    const [after] = await statsOf('/models/scores/versions/1/stats');
    if (!before || !after) throw new Error('Both are told.');
    const grown = (count: (stats: V2Statistics) => number) => count(after) - count(before);
    expect(after).toMatchObject({ name: 'scores', version: '1' });
    expect(grown(({ inference_count }) => inference_count)).toBe(7);
    expect(grown(({ execution_count }) => execution_count)).toBe(3);
    expect(grown(({ inference_stats }) => inference_stats.success.count)).toBe(3);
    expect(grown(({ inference_stats }) => inference_stats.fail.count)).toBe(1);
    expect(grown(({ inference_stats }) => inference_stats.compute_infer.count)).toBe(3);
    expect(grown(({ inference_stats }) => inference_stats.compute_infer.ns)).toBeGreaterThan(0);
    expect(after.last_inference).toBeGreaterThan(Date.now() - 60_000);
    const batches = new Map(after.batch_stats.map((batch) => [batch.batch_size, batch.compute_infer.count]));
    expect(batches.get(3)).toBe(2);
  });

  test('callers who share a run are as many inferences, and one execution', async () => {
    const waits = { maxBatch: 64, maxDelayMs: 1_000 }; // for company, however slowly callers come
    await deployEndpoint(server, 'together', [{ ref: 'points@1.0.0', weight: 1 }], undefined, waits);
    const [before] = await statsOf('/models/together/stats');
    await Promise.all(Array.from({ length: 64 }, () => ask('together')));
    const [after] = await statsOf('/models/together/stats');
    if (!before || !after) throw new Error('Both are told.');
    expect(after.inference_count - before.inference_count).toBe(64);
    expect(after.execution_count - before.execution_count).toBeLessThan(64);
    // Triton's own tools rely on it.
    const { success, compute_input, compute_infer, compute_output } = after.inference_stats;
    expect([compute_input.count, compute_infer.count, compute_output.count]).toEqual(
      Array(3).fill(success.count),
    );
  });

  test('the memory that a version takes is told as long as a worker holds it', async () => {
    const taken = async () => (await statsOf('/models/two%20words/stats'))[0]?.memory_usage;
    await change('load', 'two words');
    expect(await taken()).toEqual([{ type: 'CPU', id: 0, byte_size: expect.any(Number) }]);
    expect((await taken())?.[0]?.byte_size).toBeGreaterThan(0);
    await change('unload', 'two words');
    expect(await taken()).toEqual([]);
  });

  test('what was never asked is told with zeros, and all that was asked is told at once', async () => {
    expect(await statsOf('/models/points/versions/2/stats')).toMatchObject([
      { name: 'points', version: '2', last_inference: 0, inference_count: 0, batch_stats: [] },
    ]);
    const all = await statsOf('/models/stats');
    expect(all.map(({ name, version }) => `${name} ${version}`).sort()).toEqual(['points 1', 'two words 1']);
    expect((await v2.get('/models/nobody/stats')).status).toBe(404);
  });

  test('an equal question that is answered from memory is a hit, and no inference', async () => {
    await deployEndpoint(server, 'remembering', [{ ref: 'points@1.0.1', weight: 1 }]);
    const query = `mutation ($input: DeployEndpointInput!) { deployEndpoint(input: $input) { __typename } }`;
    await server.data(query, {
      input: {
        name: 'remembering',
        variants: [{ ref: 'points@1.0.1', weight: 1 }],
        settings: { cacheTtlMs: 60_000 },
      },
    });
    for (let asked = 0; asked < 3; asked += 1) await ask('remembering');
    expect(await statsOf('/models/remembering/stats')).toMatchObject([
      {
        inference_count: 1,
        inference_stats: { success: { count: 3 }, cache_hit: { count: 2 }, cache_miss: { count: 1 } },
      },
    ]);
  });
});

describe('a version of an endpoint', () => {
  const OF_POINTS = [
    { name: 'usual', ref: 'points@1.0.0', weight: 1 },
    { name: 'rare', ref: 'points@1.0.1', weight: 0 },
  ];
  const infer = (path: string, data: readonly number[] = [1, 2]) =>
    v2.post(`/models/${path}/infer`, { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data }] });

  test('is asked of the variant that has it, with the endpoint’s settings and memory, and has an id for feedback', async () => {
    const settings = { cacheTtlMs: 60_000, maxBatch: 7 };
    await deployEndpoint(server, 'versioned', OF_POINTS, undefined, settings);
    const { json } = await infer('versioned/versions/2');
    expect(json).toMatchObject({ model_version: '2', outputs: [{ data: [3, 6] }] });
    expect(json.parameters).toMatchObject({ variant: 'rare' });
    expect((await infer('versioned/versions/1.0.1')).json.parameters).toMatchObject({ cached: true });
    expect((await infer('versioned')).json).toMatchObject({
      model_version: '1',
      outputs: [{ data: [2, 4] }],
    });
    const predictionId = json.parameters?.prediction_id;
    expect(await new RoutingClient(server).recordFeedback({ predictionId, reward: 1 })).toMatchObject({
      feedback: { endpoint: { name: 'versioned' }, variant: 'rare', version: { ref: 'points@1.0.1' } },
    });
  });

  test('that no variant has answers by itself, and the configuration tells the two apart', async () => {
    const settings = { cacheTtlMs: 60_000, maxBatch: 7 };
    await deployEndpoint(server, 'versioned', OF_POINTS.slice(0, 1), undefined, settings);
    for (let sent = 0; sent < 2; sent += 1) {
      const { json } = await infer('versioned/versions/2');
      expect(json).toMatchObject({ model_version: '2', outputs: [{ data: [3, 6] }] });
      expect(Object.keys(json.parameters ?? {})).toEqual(['prediction_id']);
    }
    expect((await v2.get('/models/versioned/versions/1/config')).json).toMatchObject({
      max_batch_size: 7,
      parameters: { variant: { string_value: 'usual' } },
    });
    const { json } = await v2.get('/models/versioned/versions/2/config');
    expect(json).toMatchObject({ max_batch_size: 128 });
    expect(json).not.toHaveProperty('parameters');
  });

  test('that a shadow has answers by itself: shadows answer nobody', async () => {
    const shadow = { name: 'quiet', ref: 'points@1.0.1', weight: 0, shadow: true };
    await deployEndpoint(server, 'shadowed', [...OF_POINTS.slice(0, 1), shadow]);
    expect((await infer('shadowed/versions/2')).json.parameters).not.toHaveProperty('variant');
  });

  test('that two models have is refused with both, and asked by its reference', async () => {
    const another = { name: 'another', ref: 'two words@1.0.0', weight: 1 };
    await deployEndpoint(server, 'of-two', [...OF_POINTS, another]);
    const of = 'of-two/versions';
    const error =
      'The endpoint “of-two” has versions of several models, and 1 is points@1.0.0 and two words@1.0.0. Ask for the one ' +
      'that is meant by its reference, such as points@1.0.0, in place of the number or of the endpoint.';
    expect(await infer(`${of}/1`)).toMatchObject({ status: 400, json: { error } });
    for (const what of ['', '/ready', '/config', '/stats'])
      expect(await v2.get(`/models/${of}/1${what}`)).toMatchObject({ status: 400, json: { error } });
    const variantOf = async (version: string) => (await infer(`${of}/${version}`)).json.parameters?.variant;
    expect(await variantOf('two%20words@1.0.0')).toBe('another');
    expect(await variantOf('points@production')).toBe('usual');
    expect(await variantOf('2')).toBe('rare'); // one of them has a second version
    const elsewhere =
      'No variant of the endpoint “of-two” is of the model “nothing”. Where nothing@1.0.0 is meant, ask for it in ' +
      'place of the endpoint.';
    const neither =
      'No version of “points” is 9. It has 1.0.1 (2), 1.0.0 (1). No version of “two words” is 9. It has 1.0.0 (1).';
    expect(await infer(`${of}/9`)).toMatchObject({ status: 404, json: { error: neither } });
    const missing = 'No version of “two words” is two words@9.9.9. It has 1.0.0 (1).';
    for (const [ref, why] of Object.entries({ 'nothing@1.0.0': elsewhere, 'two%20words@9.9.9': missing }))
      expect(await infer(`${of}/${ref}`)).toMatchObject({ status: 404, json: { error: why } });
  });

  test('is told once by its number, which means a variant first, and the others by what they are asked by', async () => {
    const registry = new RegistryClient(server);
    const add = (name: string, factor: number) => registry.version(name, scaled(factor));
    for (const name of ['first', 'second', 'third']) await add(name, 5);
    await add('first', 6);
    const names = async (variants: object[]) => {
      await deployEndpoint(server, 'first', variants);
      const entries = (await v2.post('/repository/index')).json as unknown as {
        name: string;
        version: string;
      }[];
      const { json } = await v2.get('/models/first/stats');
      return {
        index: entries.filter(({ name }) => name === 'first').map(({ version }) => version),
        stats: json.model_stats?.map(({ version }) => version),
      };
    };
    const variant = (ref: string, more: object = { weight: 1 }) => ({
      name: ref.split('@')[0],
      ref,
      ...more,
    });
    const shadow = { weight: 0, shadow: true };
    const behind = await names([
      variant('second@1.0.0'),
      variant('first@1.0.1'),
      variant('third@1.0.0', shadow),
    ]);
    expect(behind).toEqual({
      index: ['1', '2', 'third@1.0.0', 'first@1.0.0'],
      stats: ['1', '2', 'third@1.0.0'],
    });
    expect((await infer('first/versions/1')).json.parameters?.variant).toBe('second');
    expect((await infer('first/versions/first@1.0.0')).json).toMatchObject({ outputs: [{ data: [5, 10] }] });
    const both = ['first@1.0.0', 'second@1.0.0'];
    expect(await names(both.map((ref) => variant(ref)))).toEqual({ index: [...both, '2'], stats: both });
  });
});
