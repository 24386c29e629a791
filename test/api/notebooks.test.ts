import { TrackingClient } from '../support/tracking-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let tracking: TrackingClient;
beforeAll(async () => {
  server = await startTestServer();
  tracking = new TrackingClient(server);
});
afterAll(() => server.stop());

interface Cell {
  readonly id?: string;
  readonly cell_type: string;
  readonly source: string;
  readonly execution_count?: number | null;
  readonly outputs?: readonly object[];
}
const code = (source: string, executionCount: number | null, printed?: string): Cell => ({
  cell_type: 'code',
  source,
  execution_count: executionCount,
  outputs: printed === undefined ? [] : [{ output_type: 'stream', name: 'stdout', text: [printed] }],
});
const text = (source: string): Cell => ({ cell_type: 'markdown', source });
const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
const notebook = (cells: readonly Cell[], metadata: object = { kernelspec }) =>
  JSON.stringify({
    ...{ nbformat: 4, nbformat_minor: 4, metadata },
    cells: cells.map((cell) => ({ metadata: {}, ...cell })),
  });

/** A run that has the file, and the file's hash. */
async function logged(bytes: string | Uint8Array, path = 'work/train.ipynb') {
  const sha256 = await server.upload(bytes);
  const runId = await tracking.newRun();
  expect(await tracking.logArtifact({ runId, path, artifact: { sha256 } })).toMatchObject({
    __typename: 'LogSuccess',
  });
  return { runId, path, sha256 };
}

const READ = `query ($runId: ID!, $path: String!, $first: Int, $after: String) {
  run(id: $runId) { notebook(path: $path) {
    __typename
    ... on UserError { code message }
    ... on Notebook {
      format language executedInOrder kernel { name displayName } file { path sha256 }
      script { name text downloadPath }
      cells(first: $first, after: $after) {
        nodes { id kind source executionCount outputCount outputs { kind name mimeTypes text } }
        pageInfo { hasNextPage endCursor }
      }
    }
  } }
}`;
interface ReadNotebook {
  readonly __typename: string;
  readonly script: { readonly name: string; readonly text: string; readonly downloadPath: string };
  readonly cells: {
    readonly nodes: readonly { readonly source: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}
const read = async (variables: object) =>
  (await server.data<{ run: { notebook: ReadNotebook | null } }>(READ, { ...variables })).run.notebook;
const download = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { headers: server.headers, ...init });

test('a notebook is read as cells, and written as a script', async () => {
  const cells = [text('# Title'), code('%matplotlib inline\nx = 1', 2), code('print(x)', 3, '1\n')];
  const place = await logged(notebook(cells));
  const found = await read(place);
  expect(found).toMatchObject({
    ...{ __typename: 'Notebook', format: '4.4', language: 'python', executedInOrder: true },
    kernel: { name: 'python3', displayName: 'Python 3' },
    file: { path: 'work/train.ipynb', sha256: place.sha256 },
    cells: {
      nodes: [
        { kind: 'MARKDOWN', source: '# Title', executionCount: null, outputs: [] },
        { kind: 'CODE', executionCount: 2, outputCount: 0 },
        {
          executionCount: 3,
          outputs: [{ kind: 'STREAM', name: 'stdout', mimeTypes: ['text/plain'], text: '1\n' }],
        },
      ],
    },
  });
  expect(found?.script.name).toBe('train.py');
  expect(found?.script.text).toMatch(
    /# ---\n\n# %% \[markdown\]\n# # Title\n\n# %%\n# %matplotlib inline\nx = 1\n\n# %%\nprint\(x\)\n$/,
  );
});

test('the script is downloaded as an attachment, below the notebook itself', async () => {
  const place = await logged(notebook([code('größe = 1', 1)]));
  const script = (await read(place))?.script;
  const response = await download(script?.downloadPath ?? '');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${place.sha256}.py"`);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await response.text()).toBe(script?.text);
  const head = await download(script?.downloadPath ?? '', { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(script?.text ?? '')));
  expect(await head.text()).toBe('');
});

test('the cells of a long notebook come page by page', async () => {
  const cells = Array.from({ length: 130 }, (_, at) => code(`x = ${at}`, null));
  const place = await logged(notebook(cells));
  const first = await read({ ...place, first: 100 });
  expect(first?.cells.nodes).toHaveLength(100);
  expect(first?.cells.pageInfo.hasNextPage).toBe(true);
  const second = await read({ ...place, first: 100, after: first?.cells.pageInfo.endCursor });
  expect(second?.cells.nodes.map(({ source }) => source)).toEqual(
    cells.slice(100).map(({ source }) => source),
  );
  expect(second?.cells.pageInfo.hasNextPage).toBe(false);
  const wrong = Buffer.from('["x"]').toString('base64url');
  const { errors } = await server.graphql(READ, { ...place, after: wrong });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test.each<[string, string | Uint8Array, string, RegExp, string?]>([
  ['broken JSON', '{"nbformat": 4,', 'NOT_JSON', /not JSON/],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0]), 'NOT_JSON', /not JSON/],
  ['an empty file', '', 'NOT_JSON', /not JSON/],
  ['some other JSON', '{"a": 1}', 'NOT_A_NOTEBOOK', /nbformat/],
  ['a notebook of another name', notebook([]), 'NOT_A_NOTEBOOK', /does not end in .ipynb/, 'train.json'],
  ['a huge one', ' '.repeat(16 * 1024 * 1024 + 1), 'NOTEBOOK_TOO_LARGE', /at most 16777216/],
])('%s is answered with a reason', async (_, bytes, code, message, path = 'a.ipynb') => {
  const place = await logged(bytes, path);
  const refusal = { __typename: 'UnreadableNotebookError', code };
  expect(await read(place)).toEqual({ ...refusal, message: expect.stringMatching(message) });
  const compared = await compare(place, place);
  expect(compared).toMatchObject({ ...refusal, message: expect.stringMatching(/^a: /) });
  if (path !== 'a.ipynb') return;
  const response = await download(`/artifacts/sha256/${place.sha256}/script`);
  expect(response.status).toBe(422);
  expect(await response.json()).toEqual({ code, message: expect.stringMatching(message) });
});

test('a language that nobody knows has cells and no script', async () => {
  const place = await logged(notebook([code('+.', 1)], { kernelspec: { ...kernelspec, language: 'bf' } }));
  expect(await read(place)).toMatchObject({ language: 'bf', script: null, cells: { nodes: [{}] } });
  const response = await download(`/artifacts/sha256/${place.sha256}/script`);
  expect(await response.json()).toMatchObject({ code: 'UNKNOWN_LANGUAGE' });
});

test('what is not there is null, and 404', async () => {
  const { runId } = await logged(notebook([]));
  expect(await read({ runId, path: 'none.ipynb' })).toBeNull();
  expect(await read({ runId, path: 'nul\u0000.ipynb' })).toBeNull();
  expect((await download(`/artifacts/sha256/${'1'.repeat(64)}/script`)).status).toBe(404);
  expect((await download(`/artifacts/sha256/${'1'.repeat(64)}/script`, { method: 'PUT' })).status).toBe(405);
  expect((await download('/artifacts/sha256/1/script')).status).toBe(400);
});

test('the notebooks of one project are none of another’s', async () => {
  const place = await logged(notebook([]));
  const stranger = await server.as('viewer', 'elsewhere');
  expect(await stranger.data(READ, place)).toEqual({ run: null });
  expect(await stranger.data(COMPARE, { a: at(place), b: at(place) })).toEqual({ compareNotebooks: null });
  const response = await fetch(`${server.url}/artifacts/sha256/${place.sha256}/script`, {
    headers: stranger.headers,
  });
  expect(response.status).toBe(404);
});

test('eleven notebooks are one operation’s worth', async () => {
  const place = await logged(notebook([]));
  const fields = Array.from(
    { length: 12 },
    (_, i) => `n${i}: notebook(path: "${place.path}") { __typename }`,
  );
  const { errors } = await server.graphql(`{ run(id: "${place.runId}") { ${fields.join(' ')} } }`);
  expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]);
});

const COMPARE = `query ($a: NotebookInput!, $b: NotebookInput!, $counts: Boolean! = false, $first: Int, $after: String) {
  compareNotebooks(a: $a, b: $b, executionCounts: $counts) {
    __typename
    ... on UserError { code message }
    ... on NotebookComparison {
      metadataChanges counts { unchanged changed added removed moved }
      cells(first: $first, after: $after) {
        nodes {
          change isMoved matchedBy sourceChanged outputsChanged metadataChanges executionCountChanged
          a { source } b { source executionCount }
          sourceDiff { added removed isWhole lines { change text lineA lineB } }
          outputDiff { lines { change text } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;
interface Place {
  readonly runId: string;
  readonly path: string;
}
interface Compared {
  readonly __typename: string;
  readonly cells: Pick<ReadNotebook['cells'], 'pageInfo'> & {
    readonly nodes: readonly { readonly change: string }[];
  };
}
const at = ({ runId, path }: Place): Place => ({ runId, path });
const compare = async (a: Place, b: Place, more: object = {}) =>
  (await server.data<{ compareNotebooks: Compared | null }>(COMPARE, { a: at(a), b: at(b), ...more }))
    .compareNotebooks;

test('two notebooks are compared cell by cell', async () => {
  const load = code('frame = read("penguins.csv")', 1, '344 rows\n');
  const a = await logged(
    notebook([
      text('# Penguins'),
      load,
      code('fit(frame, alpha=0.1)', 2, 'loss 0.5\n'),
      code('plot(frame)', 3),
    ]),
  );
  const b = await logged(
    notebook(
      [
        load,
        text('# Penguins'),
        code('fit(frame, alpha=0.5)', 9, 'loss 0.4\n'),
        code('save(model, "penguins.onnx")', 10),
      ],
      { kernelspec: { ...kernelspec, name: 'other' } },
    ),
  );
  const compared = await compare(a, b);
  expect(compared).toMatchObject({
    ...{ __typename: 'NotebookComparison', metadataChanges: ['kernelspec'] },
    counts: { unchanged: 1, changed: 1, added: 1, removed: 1, moved: 1 },
  });
  const byChange = Object.fromEntries(compared?.cells.nodes.map((cell) => [cell.change, cell]) ?? []);
  expect(byChange).toMatchObject({
    UNCHANGED: { sourceDiff: null, outputDiff: null, matchedBy: 'CONTENT' },
    MOVED: { isMoved: true, sourceChanged: false },
    REMOVED: { a: { source: 'plot(frame)' }, b: null, matchedBy: null },
    ADDED: { a: null, b: { source: 'save(model, "penguins.onnx")' } },
    CHANGED: {
      ...{ sourceChanged: true, outputsChanged: true, executionCountChanged: false },
      sourceDiff: {
        ...{ added: 1, removed: 1, isWhole: true },
        lines: [
          { change: 'REMOVED', text: 'fit(frame, alpha=0.1)', lineA: 1, lineB: null },
          { change: 'ADDED', text: 'fit(frame, alpha=0.5)', lineA: null, lineB: 1 },
        ],
      },
      outputDiff: {
        lines: [
          { change: 'SAME', text: '[stdout]' },
          { change: 'REMOVED', text: 'loss 0.5' },
          { change: 'ADDED', text: 'loss 0.4' },
        ],
      },
    },
  });
});

test('numbers of executions count where somebody asks', async () => {
  const [a, b] = [await logged(notebook([code('x', 1)])), await logged(notebook([code('x', 5)]))];
  expect((await compare(a, b))?.cells.nodes).toMatchObject([{ change: 'UNCHANGED' }]);
  expect((await compare(a, b, { counts: true }))?.cells.nodes).toMatchObject([
    { change: 'CHANGED', executionCountChanged: true, sourceChanged: false },
  ]);
});

test('a long comparison comes page by page', async () => {
  const cells = Array.from({ length: 60 }, (_, i) => code(`step_${i}()`, null));
  const [a, b] = [await logged(notebook(cells)), await logged(notebook([...cells, code('end', null)]))];
  const first = await compare(a, b, { first: 40 });
  expect(first?.cells.pageInfo.hasNextPage).toBe(true);
  const rest = await compare(a, b, { first: 40, after: first?.cells.pageInfo.endCursor });
  expect(rest?.cells.nodes).toHaveLength(21);
  expect(rest?.cells.nodes.at(-1)).toMatchObject({ change: 'ADDED' });
});

test('a comparison with what is not there is null', async () => {
  const place = await logged(notebook([]));
  expect(await compare(place, { ...place, path: 'none.ipynb' })).toBeNull();
  expect(await compare({ runId: 'nobody', path: place.path }, place)).toBeNull();
});
