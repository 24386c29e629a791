import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../support/cli-process';
import { identity } from '../support/onnx-models';
import { RegistryClient, scaled } from '../support/registry-client';
import { deployEndpoint } from '../support/serving-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'modelgraph-cli-'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const cli = (args: readonly string[], input?: string) =>
  runCli(
    args,
    { MODELGRAPH_URL: server.url, MODELGRAPH_KEY: server.key },
    input === undefined ? {} : { input },
  );
async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
interface Endpoint {
  readonly revision: number;
  readonly variants: readonly { readonly ref: string; readonly version: { readonly ref: string } }[];
}
async function endpoint(name: string): Promise<Endpoint | null> {
  const query =
    'query ($name: String!) { endpoint(name: $name) { revision variants { ref version { ref } } } }';
  return (await server.data<{ endpoint: Endpoint | null }>(query, { name })).endpoint;
}

describe('deploy', () => {
  test('a file is a version, and an endpoint answers with it; again, nothing changes', async () => {
    const path = await file('doubling.onnx', scaled(2));
    const args = ['deploy', path, '--columns', 'x=a,b', '--metric', 'accuracy=0.9', '--reason', 'first'];
    const first = await cli(args);
    expect(first.err).toMatch(/^Registered: doubling@1\.0\.0\. It takes a \(FP32\), b \(FP32\)\.$/m);
    expect(first).toMatchObject({ code: 0, out: 'doubling@1.0.0\n' });
    const deployed = await endpoint('doubling');
    expect(deployed?.variants).toEqual([{ ref: 'doubling@production', version: { ref: 'doubling@1.0.0' } }]);
    const again = await cli(args);
    expect(again.err).toMatch(/^Known already: doubling@1\.0\.0\./);
    expect(again).toMatchObject({ code: 0, out: 'doubling@1.0.0\n' });
    expect(await endpoint('doubling')).toEqual(deployed);
    const asked = await cli(['predict', 'doubling'], '{"a":1,"b":2}\n\n{"b":0.5,"a":-3}\n');
    expect(asked).toEqual({ code: 0, out: '{"y":[2,4]}\n{"y":[-6,1]}\n', err: '' });
  });

  test('the next file goes live at once, under other names where these are given', async () => {
    const names = ['--model', 'tripling', '--endpoint', 'threes', '--alias', 'live'];
    await cli(['deploy', await file('two.onnx', scaled(2, 3)), ...names]);
    const { code, out } = await cli(['deploy', await file('three.onnx', scaled(3, 3)), ...names]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^tripling@/) as string });
    expect(await endpoint('threes')).toEqual({
      revision: 1,
      variants: [{ ref: 'tripling@live', version: { ref: out.trim() } }],
    });
    const asked = await cli(['predict', 'threes'], '{"x":[1,2,3]}\n');
    expect(asked.out).toBe('{"y":[3,6,9]}\n');
  });

  test('a version that a gate holds back ends with 1 and the gate’s reason; the one before still answers', async () => {
    await cli(['deploy', await file('narrow.onnx', scaled(2, 4)), '--model', 'gated']);
    const wide = await file('wide.onnx', scaled(2, 5));
    const { code, out, err } = await cli(['deploy', wide, '--model', 'gated']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^gated@2\.0\.0 does not go live\. .*\n {2}signature: /m);
    expect((await endpoint('gated'))?.variants[0]?.version.ref).toBe('gated@1.0.0');
    const accepted = await cli(['deploy', wide, '--model', 'gated', '--accept-contract-break']);
    expect(accepted).toMatchObject({ code: 0, out: 'gated@2.0.0\n' });
    expect((await endpoint('gated'))?.variants[0]?.version.ref).toBe('gated@2.0.0');
  });

  test('an endpoint that does something else is left as it is, and nothing is registered', async () => {
    const registry = new RegistryClient(server);
    await registry.register('owned', scaled(7));
    await deployEndpoint(server, 'pinned', [{ ref: 'owned@1.0.0', weight: 1 }]);
    const path = await file('new.onnx', scaled(8));
    const { code, err } = await cli(['deploy', path, '--model', 'fresh', '--endpoint', 'pinned']);
    expect(err).toMatch(/“pinned” is there, and answers with owned@1\.0\.0: .*follow fresh@production/);
    expect(code).toBe(3);
    const { model } = await server.data<{ model: object | null }>('{ model(name: "fresh") { id } }');
    expect(model).toBeNull();
  });

  test('a file that is no model ends with 3 and a sentence', async () => {
    const { code, out, err } = await cli(['deploy', await file('no-model.onnx', 'no model')]);
    expect(err).toMatch(/^modelgraph: .*ONNX/);
    expect({ code, out }).toEqual({ code: 3, out: '' });
  });
});

describe('predict', () => {
  beforeAll(async () => {
    const registry = new RegistryClient(server);
    await registry.register('double', scaled(2), { columns: [{ input: 'x', names: ['a', 'b'] }] });
    await registry.register('wide-integers', identity('INT64'), {
      columns: [{ input: 'x', names: ['a', 'b'] }],
    });
    await registry.register('fixed', identity('FP32', [2, 3]));
  });

  test('a file of rows is answered in its order, a request at a time', async () => {
    const rows = Array.from({ length: 25 }, (_, at) => `${at},${at / 2}`);
    const path = await file('rows.csv', `a,b\n${rows.join('\n')}\n`);
    const { code, out } = await cli(['predict', 'double@1.0.0', '--rows', path, '--batch', '10']);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      rows.map((_, at) => ({ y: [2 * at, at] })),
    );
    expect(code).toBe(0);
  });

  test('a sample is what the model takes; the question is told beside the answer', async () => {
    const { code, out, err } = await cli(['predict', 'double@1.0.0', '--sample', '2']);
    const questions = err.trimEnd().split('\n');
    const asked = questions.map((line) => JSON.parse(line) as { a: number; b: number });
    const answers = out.trimEnd().split('\n');
    expect(answers.map((line) => JSON.parse(line) as unknown)).toEqual(
      asked.map(({ a, b }) => ({ y: [expect.closeTo(2 * a, 5), expect.closeTo(2 * b, 5)] })),
    );
    expect({ code, count: answers.length }).toEqual({ code: 0, count: 2 });
  });

  test('a model without rows is asked by its tensors', async () => {
    const { code, out, err } = await cli(['predict', 'fixed@1.0.0', '--sample', '1']);
    const { inputs } = JSON.parse(err) as { inputs: [{ shape: number[]; data: number[] }] };
    const { outputs } = JSON.parse(out) as { outputs: [{ shape: number[]; data: number[] }] };
    expect(inputs[0].shape).toEqual([2, 3]);
    expect(outputs[0].shape).toEqual([2, 3]);
    expect(outputs[0].data).toEqual(inputs[0].data.map((number) => expect.closeTo(number, 5) as number));
    expect(code).toBe(0);
  });

  test('integers beyond 2^53 travel as text, and are never rounded', async () => {
    const exact = '9007199254740993';
    const asked = await cli(['predict', 'wide-integers@1.0.0'], `{"a":"${exact}","b":-1}\n`);
    expect(asked).toMatchObject({ code: 0, out: `{"y":["${exact}",-1]}\n` });
    const bare = await cli(['predict', 'wide-integers@1.0.0'], `{"a":${exact},"b":-1}\n`);
    expect(bare).toMatchObject({ code: 3, out: '' });
    expect(bare.err).toMatch(/rows\[0\]\.a/);
  });

  test('what is wrong is told with its place, after the answers to what came before', async () => {
    const input = ['{"a":1,"b":1}', '{"a":2,"b":2}', '{"a":3}', '{"a":4,"b":4}'].join('\n');
    const { code, out, err } = await cli(['predict', 'double@1.0.0', '--batch', '2'], input);
    expect(out).toBe('{"y":[2,2]}\n{"y":[4,4]}\n');
    expect(err).toMatch(/^modelgraph: Rows 3 to 4 \(counted from 0 below\): .*\n {2}rows\[0\]\.b: expected /);
    expect(code).toBe(3);
  });

  test.each<[string[], string, RegExp]>([
    [['nobody'], '{}', /There is no endpoint “nobody”/],
    [['double@1.0.0'], '[1]', /Line 1: expected an object in JSON, got “\[1\]”/],
  ])('%j with %j ends with 3 and a sentence', async (args, input, sentence) => {
    const { code, out, err } = await cli(['predict', ...args], input);
    expect(err).toMatch(sentence);
    expect({ code, out }).toEqual({ code: 3, out: '' });
  });
});
