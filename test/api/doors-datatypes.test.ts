import { readFile } from 'node:fs/promises';
import { base64Of } from '../../src/kernel/tensors/binary-text';
import { tensorBytes } from '../../src/kernel/tensors/tensor-bytes';
import { ARRAY_OF, DATATYPES, type BytesElement, type Datatype } from '../../src/kernel/tensors/tensor';
import { toBrainBits, toHalfBits } from '../../src/serving/values/value-parser';
import { EchoRemote } from '../support/echo-remote';
import { identity, ONNX_DATATYPES } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { DOORS, type Content, type Echo, type Value } from '../support/tensor-doors';
import { remoteModel } from '../support/remote-model';
import { startTestServer, type TestServer } from '../support/test-server';

/** Both ends of each datatype, or what is special about it; two values to a row. */
const ORDINARY: Readonly<Record<Datatype, readonly Value[]>> = {
  BOOL: [true, false],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  UINT64: [0n, 9_007_199_254_740_991n],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  INT64: [-9_007_199_254_740_991n, 7n],
  FP16: [65_504, -1.5],
  BF16: [3.3895313892515355e38, -1.5],
  FP32: [0.10000000149011612, -3.4028234663852886e38],
  FP64: [0.1, -1.7976931348623157e308],
  BYTES: ['größe 🐧\n"', ''],
};

function content(datatype: Datatype, values: readonly Value[], shape = [values.length / 2, 2]): Content {
  if (datatype === 'BYTES') return { datatype, shape, values, bytes: tensorBytes(values as BytesElement[]) };
  const array = new ARRAY_OF[datatype](values.length) as unknown as Value[];
  values.forEach((value, at) => (array[at] = BITS[datatype]?.(Number(value)) ?? toNumber(value)));
  return { datatype, shape, values, bytes: tensorBytes(array as never) };
}
const BITS: Partial<Record<Datatype, (value: number) => number>> = { FP16: toHalfBits, BF16: toBrainBits };
const toNumber = (value: Value): Value => (typeof value === 'boolean' ? Number(value) : value);

/** A picture may begin so, and no text. */
const PICTURES = [Uint8Array.of(0xff, 0xd8, 0xff, 0), Uint8Array.of(0x89, 0x50, 0xc3)];

/** What is sent, by its row in the table, and the model that answers it. */
const CONTENTS: Readonly<Record<string, { readonly model: string; readonly content: Content }>> = {
  ...Object.fromEntries(
    DATATYPES.map((datatype) => [
      datatype,
      { model: datatype, content: content(datatype, ORDINARY[datatype]) },
    ]),
  ),
  'other BYTES': { model: 'pictures', content: content('BYTES', PICTURES) },
  'other BYTES, `…_bytes`': { model: 'named_bytes', content: content('BYTES', PICTURES) },
  'INT64 beyond 2^53': { model: 'INT64', content: content('INT64', [9_007_199_254_740_993n, -(2n ** 63n)]) },
  'UINT64 beyond 2^53': {
    model: 'UINT64',
    content: content('UINT64', [9_007_199_254_740_993n, 2n ** 64n - 1n]),
  },
  'NaN, ±Infinity, -0': { model: 'FP64', content: content('FP64', [NaN, Infinity, -Infinity, -0]) },
  'no rows ([0, 2])': { model: 'FP32', content: content('FP32', [], [0, 2]) },
  'a scalar ([])': { model: 'scalar', content: content('FP32', [2.5], []) },
};

let echo: EchoRemote;
/** Have BYTES, of which one says in its answer’s name that they are. */
let pictures: readonly EchoRemote[];
let server: TestServer;
const table: string[][] = [['', ...Object.keys(DOORS)]];
beforeAll(async () => {
  echo = await new EchoRemote('BF16').start();
  pictures = [new EchoRemote('BYTES'), new EchoRemote('BYTES', undefined, 'y_bytes')];
  for (const remote of pictures) {
    await remote.start();
    // JSON cannot ask with other bytes: so that it must answer with some, they are the answer to empty texts.
    const nothing = content('BYTES', ['', '']).bytes;
    remote.answerTo = (bytes) => (bytes.equals(nothing) ? Buffer.from(tensorBytes(PICTURES)) : bytes);
  }
  server = await startTestServer({ REMOTE_BACKENDS: [echo, ...pictures].map(({ url }) => url).join(',') });
  const registry = new RegistryClient(server);
  const document = remoteModel({ backend: 'open-inference', url: echo.url, model: 'x' });
  await registry.version('BF16', Buffer.from(document)); // no runtime here has it
  const remotes = ['pictures', 'named_bytes'];
  for (const [at, name] of remotes.entries()) {
    const url = pictures[at]?.url ?? '';
    await registry.version(name, Buffer.from(remoteModel({ backend: 'open-inference', url, model: 'x' })));
  }
  for (const datatype of ONNX_DATATYPES) await registry.version(datatype, identity(datatype, ['N', 2]));
  await registry.version('scalar', identity('FP32', []));
  for (const model of [...DATATYPES, 'scalar', ...remotes])
    await registry.promote(`${model}@1.0.0`, 'production');
});
afterAll(async () => {
  await server.stop();
  for (const remote of [echo, ...pictures]) await remote.stop();
});

test.each(Object.entries(CONTENTS))('%s goes through each door exactly, or is refused', async (row, sent) => {
  const cells: string[] = [];
  for (const door of Object.values(DOORS))
    cells.push(cellOf(await door(server, sent.model, sent.content), sent.content));
  table.push([row, ...cells]);
  expect(cells).not.toEqual(expect.arrayContaining([expect.stringMatching(/changed|failed/)]));
});

test.each(['GraphQL, base64', 'V2, binary', 'gRPC, raw'])('%s keeps the bits of every NaN', async (door) => {
  const bytes = new Uint8Array(Uint32Array.of(0x7fc12345, 0xff800001).buffer);
  const sent = { ...content('FP32', [NaN, NaN]), bytes };
  expect(await DOORS[door]?.(server, 'FP32', sent)).toEqual({ shape: [1, 2], bytes: Buffer.from(bytes) });
});

test.each([
  ['GraphQL, base64', 'inputs[0].base64: expected text in UTF-8, got other bytes in element 1'],
  ['V2, binary', 'inputs[0]: expected text in UTF-8, got other bytes in element 1'],
  ['gRPC, raw', 'inputs[0]: expected text in UTF-8, got other bytes in element 1'],
  ['gRPC, typed', 'inputs[0].data[1]: expected text in UTF-8, got other bytes'],
  ['TF Serving, rows', 'instances[0][1]: expected text in UTF-8, got other bytes'],
  ['TF Serving, columns', 'inputs[0][1]: expected text in UTF-8, got other bytes'],
])('%s refuses other bytes where ONNX wants text, and names the element', async (door, sentence) => {
  const answer = await DOORS[door]?.(server, 'BYTES', content('BYTES', ['a', Uint8Array.of(0xff)]));
  expect(answer).toEqual({ refused: expect.stringContaining(sentence) });
});

test.each(
  Object.entries({
    'GraphQL, JSON': 'outputEncoding BASE64',
    'V2, JSON': 'binary_data',
    'TF Serving, rows': '_bytes',
  }),
)('%s answers no other bytes as text, and says what carries them', async (door, instead) => {
  const answer = await DOORS[door]?.(server, 'pictures', content('BYTES', PICTURES));
  expect(answer).toEqual({ refused: expect.stringContaining(instead) });
  expect(answer).toEqual({ refused: expect.stringContaining('outputs[y]') });
});

test('the table in src/compat/README.md says what the doors do', async () => {
  const readme = await readFile('src/compat/README.md', 'utf8');
  const lines = readme.split('\n').filter((line) => line.startsWith('|'));
  const told = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(told.filter(([first]) => !first?.startsWith('-'))).toEqual(table);
});

/** `exact`; `as text` where JSON has no number for a value; `refused`; the rest is wrong. */
function cellOf(echo: Echo, sent: Content): string {
  if ('refused' in echo) return /went wrong|INTERNAL/i.test(echo.refused) ? 'failed' : 'refused';
  if (echo.shape.join() !== sent.shape.join()) return 'changed';
  if ('bytes' in echo) return Buffer.from(sent.bytes).equals(echo.bytes) ? 'exact' : 'changed';
  const { values } = echo;
  const isSame =
    values.length === sent.values.length && values.every((value, at) => isEqual(value, sent.values[at]));
  if (!isSame) return 'changed';
  const isText = sent.datatype !== 'BYTES' && values.some((value) => typeof value === 'string');
  return isText ? 'as text' : 'exact';
}

function isEqual(answered: unknown, sent: Value | undefined): boolean {
  if (sent instanceof Uint8Array) return JSON.stringify(answered) === JSON.stringify(base64Of(sent));
  if (typeof sent === 'bigint') return BigInt(answered as string | number) === sent;
  if (typeof sent === 'number') return Object.is(Number(answered), sent);
  return answered === sent;
}
