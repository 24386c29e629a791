import { request } from 'node:http';
import { status as Code } from '@grpc/grpc-js';
import { parseExactly } from '../../src/kernel/json/exact-json';
import { GrpcClient } from '../support/grpc-client';
import { identity, pair } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';
import { GRPC_QUESTIONS, type GrpcQuestion } from '../support/v2-grpc-questions';
import { HTTP_QUESTIONS, type HttpQuestion } from '../support/v2-questions';
import { V2Server } from '../support/v2-server';

/** A Python with what `servers/requirements-triton.txt` says; `.ci/v2-servers.sh` makes one. */
const PYTHON = process.env.TRITON_PYTHON;
const DATATYPES = ['FP32', 'INT64', 'INT8', 'BOOL', 'FP16', 'BYTES'] as const;

type Statuses = readonly [triton: number, ours: number];

/**
 * Where our doors answer another status than Triton's, and why. Beside these, what Triton answers 500 over HTTP, since
 * its reader of JSON says so, is 400 here: the caller's error, which no retry mends.
 */
const OVER_HTTP: Readonly<Record<string, Statuses>> = {
  // A slash at the end, null for a field that was not set, 1.0 for a whole number, FP16 and no rows: taken, since
  // clients write them and mean something.
  ...{ 'server metadata, with a slash': [404, 200], 'an id that is null': [500, 200] },
  ...{ 'null as a parameter': [400, 200], 'a list as a parameter': [400, 200] },
  ...{ 'whole floats as integers': [500, 200], 'FP16 in JSON': [400, 200], 'no rows': [400, 200] },
  // What is not there is not found, whatever is asked of it.
  ...{
    'ready, of a version that is not there': [400, 404],
    'ready, of a model that is not there': [400, 404],
  },
  ...{ 'statistics of a model that is not there': [400, 404] },
  ...{ 'load of a model that is not there': [500, 404], 'unload of a model that is not there': [200, 404] },
  // Refused, since the answer would be to another question than was meant.
  ...{ 'an output twice': [200, 400], 'integers out of range': [200, 400], 'no classes': [200, 400] },
  ...{ 'a sequence, of a model without': [200, 400], 'bytes that are no text, as JSON': [200, 400] },
  // Not offered.
  ...{ 'trace settings': [200, 501], 'shared memory': [200, 501], 'log settings': [200, 501] },
  ...{ 'shared memory, of an input': [404, 400], 'a coding that is none': [501, 415] },
};
const { OK, NOT_FOUND, INVALID_ARGUMENT: INVALID, UNIMPLEMENTED, INTERNAL } = Code;
const OVER_GRPC: Readonly<Record<string, Statuses>> = {
  ...{ 'ready, of a version that is no number': [INVALID, OK] },
  ...{ 'infer, of a version that is no number': [INVALID, NOT_FOUND] },
  ...{ 'statistics of a model that is not there': [INVALID, NOT_FOUND] },
  ...{ 'index of another repository': [UNIMPLEMENTED, INVALID] },
  ...{ 'load of a model that is not there': [INTERNAL, NOT_FOUND] },
  ...{ 'unload of a model that is not there': [OK, NOT_FOUND] },
  ...{ 'an output twice': [OK, INVALID], 'raw contents of no input': [OK, INVALID] },
  ...{ 'a sequence, of a model without': [OK, INVALID] },
  ...{ 'trace settings': [OK, UNIMPLEMENTED], 'shared memory': [OK, UNIMPLEMENTED] },
  ...{ 'log settings': [OK, UNIMPLEMENTED], 'shared memory, of an input': [NOT_FOUND, INVALID] },
};
/** Answered by both, and otherwise: by the order asked for; as bytes, as the extension's text has it; unpacked. */
const ANSWERED_OTHERWISE = [
  'two outputs the other way round',
  'bytes of all, which are named',
  'an answer that is to be packed',
];
/** Each server says what it is, and holds. */
const ABOUT_ITSELF = /^(?:live|ready|load|model ready|a version ready|index|configuration|statistics)\b/;

(PYTHON ? describe : describe.skip)('asked the same as Triton', () => {
  let triton: V2Server;
  let ours: TestServer;
  let grpc: Readonly<Record<'triton' | 'ours', GrpcClient>>;
  beforeAll(async () => {
    [triton, ours] = await Promise.all([
      V2Server.start(PYTHON ?? '', 'triton.py', [...DATATYPES, 'pair']),
      startTestServer(),
    ]);
    const registry = new RegistryClient(ours);
    const models = [...DATATYPES.map((name) => [name, identity(name)] as const), ['pair', pair()] as const];
    for (const [name, bytes] of models)
      await registry.promote(await registry.version(name, bytes), 'production');
    grpc = {
      triton: new GrpcClient(triton.grpcAddress, null),
      ours: new GrpcClient(ours.grpcAddress, ours.key),
    };
    await both('infer'); // so that both have statistics
  });
  afterAll(async () => {
    grpc?.triton.close();
    grpc?.ours.close();
    await ours?.stop();
    await triton?.stop();
  });

  async function both(name: string) {
    const question = HTTP_QUESTIONS[name];
    if (!question) throw new Error(`There is no question “${name}”.`);
    const credential = { authorization: `Bearer ${ours.key}` };
    return {
      theirs: await ask(triton.url, question),
      our: await ask(ours.url, { ...question, headers: { ...question.headers, ...credential } }),
    };
  }

  test.each(Object.keys(HTTP_QUESTIONS))('over HTTP, %s is answered alike', async (name) => {
    const { theirs, our } = await both(name);
    const [status, expected] = OVER_HTTP[name] ?? [
      theirs.status,
      theirs.status === 500 ? 400 : theirs.status,
    ];
    expect([theirs.status, our.status]).toEqual([status, expected]);
    if (our.status >= 400) {
      expect(Object.keys(our.json as object)).toEqual(['error']);
      if (theirs.status >= 400) expect(Object.keys(theirs.json as object)).toEqual(['error']);
      return;
    }
    if (ABOUT_ITSELF.test(name) || ANSWERED_OTHERWISE.includes(name) || theirs.status !== 200) return;
    expect(our).toMatchObject({ type: theirs.type, hasLength: theirs.hasLength, bytes: theirs.bytes });
    expect(comparable(our.json)).toEqual(comparable(theirs.json));
  });

  test('the outputs of an answer are in the order asked for, where Triton’s are in the model’s', async () => {
    const { theirs, our } = await both('two outputs the other way round');
    const names = ({ json }: Said) =>
      (json as { outputs: { name: string }[] }).outputs.map(({ name }) => name);
    expect(names(our)).toEqual(['kind', 'same']);
    expect(names(theirs)).toEqual(['same', 'kind']);
  });

  test('statistics have the same fields, and count alike', async () => {
    const { theirs, our } = await both('statistics');
    const statistics = ({ json }: Said) =>
      (json as { model_stats: Record<string, unknown>[] }).model_stats[0] ?? {};
    const [other, own] = [statistics(theirs), statistics(our)];
    expect(Object.keys(own).sort()).toEqual(Object.keys(other).sort());
    for (const field of ['inference_stats', 'batch_stats'])
      expect(fieldsOf(own[field])).toEqual(fieldsOf(other[field]));
    expect(Number(own.last_inference) / Number(other.last_inference)).toBeCloseTo(1); // both in ms since 1970
  });

  test('what our configuration says, Triton’s says of its own', async () => {
    const { theirs, our } = await both('configuration');
    const { dynamic_batching, ...fields } = our.json as Record<string, unknown>;
    expect(dynamic_batching).toBeDefined(); // as Triton's model has none
    expect(Object.keys(theirs.json as object)).toEqual(expect.arrayContaining(Object.keys(fields)));
    const tensors = ({ json }: Said) => (json as Record<'input' | 'output', Record<string, unknown>[]>).input;
    expect(tensors(theirs)).toMatchObject(tensors(our));
  });

  test('what is ready stands alike in the index', async () => {
    const { theirs, our } = await both('index of what is ready');
    const entry = { name: 'FP32', version: '1', state: 'READY' };
    expect(theirs.json).toContainEqual(entry);
    expect(our.json).toContainEqual({ ...entry, reason: '' });
  });

  test.each(Object.entries(GRPC_QUESTIONS))('over gRPC, %s is answered alike', async (name, question) => {
    const [theirs, our] = await Promise.all([called(grpc.triton, question), called(grpc.ours, question)]);
    const [code, expected] = OVER_GRPC[name] ?? [theirs.code, theirs.code];
    expect([theirs.code, our.code]).toEqual([code, expected]);
    if (our.code !== Code.OK || theirs.code !== Code.OK || name === 'two outputs the other way round') return;
    expect(comparable(our.answer)).toEqual(comparable(theirs.answer));
  });

  test.each([
    ['a question', {}, true],
    ['a question that is refused', { modelVersion: '9' }, false],
  ])('in a stream, %s is answered alike', async (_what, more, isAnswered) => {
    const [, plain] = GRPC_QUESTIONS.infer as readonly ['modelInfer', object];
    const answered = async (client: GrpcClient) => {
      const stream = client.openStream();
      stream.ask({ ...plain, id: 'mine', ...more });
      const [{ errorMessage, inferResponse } = {}] = await stream.received(1);
      stream.call.end();
      const final = inferResponse?.parameters.triton_final_response?.parameterChoice.value;
      return { code: (await stream.status).code, failed: errorMessage !== '', id: inferResponse?.id, final };
    };
    const [theirs, our] = [await answered(grpc.triton), await answered(grpc.ours)];
    expect(theirs).toEqual({
      code: Code.OK,
      failed: !isAnswered,
      id: 'mine',
      final: isAnswered || undefined,
    });
    expect(our).toEqual(theirs);
  });
});

/** What was answered over HTTP. */
interface Said {
  readonly status: number;
  readonly type: string;
  /** Whether a header says how long the JSON is. */
  readonly hasLength: boolean;
  readonly json: unknown;
  readonly bytes: string;
}

function ask(server: string, { method, path, headers, body = '' }: HttpQuestion): Promise<Said> {
  return new Promise((resolve, reject) => {
    const call = request(`${server}${path}`, { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => {
        const { statusCode: status = 0, headers: told } = answer;
        const all = Buffer.concat(pieces);
        const length = told['inference-header-content-length'];
        const text = told['content-encoding'] ? '' : all.toString('utf8', 0, Number(length ?? all.length));
        const type = told['content-type']?.split(';')[0] ?? '';
        const bytes = length === undefined ? '' : all.toString('hex', Number(length));
        const json = text === '' ? null : parseExactly(text);
        resolve({ status, type, hasLength: length !== undefined, json, bytes });
      });
    });
    call.on('error', reject);
    if (method === 'POST') call.setHeader('content-length', Buffer.byteLength(body));
    call.end(body);
  });
}

async function called(client: GrpcClient, [name, message]: GrpcQuestion) {
  try {
    return { code: OK, answer: (await client.call(name, message)) as object };
  } catch (error) {
    return { code: (error as { code: Code }).code, answer: null };
  }
}

/** Which each server has of its own: who it is, and the parameters of an answer. An id that is empty is none. */
const OF_ITS_OWN = new Set(['parameters', 'platform', 'version', 'extensions', '$typeName']);

/** Without what each server says of itself; numbers as texts, since ours answers so what JSON has no number for. */
function comparable(value: unknown, depth = 0): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map((one) => comparable(one, depth));
  if (typeof value !== 'object' || value === null) return typeof value === 'boolean' ? value : String(value);
  const isLeft = ([key, one]: [string, unknown]) =>
    depth > 0 ? key !== '$typeName' : !OF_ITS_OWN.has(key) && !(key === 'id' && one === '');
  const name = 'extensions' in value ? { name: 'server' } : {};
  const fields = Object.entries({ ...value, ...name }).filter(isLeft);
  return Object.fromEntries(fields.map(([key, one]) => [key, comparable(one, depth + 1)]));
}

/** The names of all fields within, with those of lists' first elements. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return fieldsOf(value[0]);
  if (typeof value !== 'object' || value === null) return typeof value;
  const fields = Object.entries(value).map(([key, one]): [string, unknown] => [key, fieldsOf(one)]);
  return Object.fromEntries(fields.sort(([a], [b]) => a.localeCompare(b)));
}
