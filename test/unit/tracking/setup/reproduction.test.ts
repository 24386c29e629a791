import type { Sha256 } from '../../../../src/kernel/artifacts/artifact';
import type { DatasetVersion } from '../../../../src/datasets/datasets';
import { reproduction } from '../../../../src/tracking/setup/reproduction';
import type { KnownOfRun } from '../../../../src/tracking/setup/known-of-run';
import { NOTHING_TOLD, type RunCode, type RunEnvironment } from '../../../../src/tracking/setup/run-setup';

const SHA = 'ab'.repeat(32) as Sha256;
const file = (path: string) => ({ path, sha256: SHA, sizeBytes: 1 });
const CODE: RunCode = {
  ...NOTHING_TOLD.code,
  ...{
    repository: 'https://example.org/a.git',
    commit: 'c0ffee1',
    branch: null,
    entryPoint: null,
    type: null,
  },
  ...{ dirty: false, diff: null, command: ['python', 'train.py'] },
};
const environment = (facts: Partial<RunEnvironment>): RunEnvironment => ({
  ...NOTHING_TOLD.environment,
  ...{ variables: [], lockFiles: [], language: 'python', languageVersion: '3.11.9', ...facts },
});
const known = (facts: Partial<KnownOfRun> = {}): KnownOfRun => ({
  ...{ run: { name: 'a run' }, code: CODE, environment: environment({ packages: [] }) },
  ...{ configFiles: [], seeds: [{ name: 'seed', value: 1n }], params: [], datasets: [], modelPins: [] },
  ...facts,
});
const commands = (facts: Partial<KnownOfRun>) =>
  reproduction(known(facts))
    .steps.slice(1)
    .flatMap(({ command }) => command.split('\n'));
const missing = (facts: Partial<KnownOfRun>) => reproduction(known(facts)).missing.map(({ kind }) => kind);
const VENV = ['python3.11 -m venv "$base/environment"', '. "$base/environment/bin/activate"'];
const CLONE = [
  'git clone --quiet --no-checkout -- https://example.org/a.git code',
  'cd code',
  'git checkout --quiet --detach c0ffee1',
  'git submodule --quiet update --init --recursive',
];

test('a run of which all is known has its steps in order, and nothing is missing', () => {
  const facts = {
    code: { ...CODE, diff: file('changes.diff'), dirty: true, workingDirectory: 'a b' },
    configFiles: [file('conf/a b.yaml')],
    environment: environment({
      packages: [{ name: 'numpy', version: '2.1.0+cpu' }],
      variables: [{ key: 'A', value: "it's" }],
    }),
  };
  expect(commands(facts)).toEqual([
    ...CLONE,
    `modelgraph_file ${SHA} .git/modelgraph.diff`,
    '[ ! -s .git/modelgraph.diff ] || git apply --whitespace=nowarn .git/modelgraph.diff',
    `modelgraph_file ${SHA} 'conf/a b.yaml'`,
    ...VENV,
    "python -m pip install --no-deps 'numpy==2.1.0+cpu' >&2",
    "export A='it'\\''s'",
    "cd -- 'a b'",
    'python train.py',
  ]);
  expect(missing(facts)).toEqual([]);
});

test.each([
  ['requirements.txt', ['python -m pip install -r requirements.txt >&2'], VENV],
  ['package-lock.json', ['npm ci >&2'], VENV],
  [
    'sub/uv.lock',
    ['cd -- sub', 'uv sync --frozen >&2', 'PATH=$PWD/.venv/bin:$PATH', 'cd -- "$base/code"'],
    [],
  ],
  [
    'conda.yaml',
    [
      'conda env create --quiet --prefix "$base/environment" --file conda.yaml >&2',
      'PATH=$base/environment/bin:$PATH',
    ],
    [],
  ],
])('%s is installed by whoever wrote it, and goes before names and versions', (path, lines, folder) => {
  const lockFiles = [file(path)];
  const packages = [{ name: 'numpy', version: '1' }];
  expect(commands({ environment: environment({ lockFiles, packages }) })).toEqual([
    ...CLONE,
    ...folder,
    `modelgraph_file ${SHA} ${path}`,
    ...lines,
    'python train.py',
  ]);
});

test.each([
  [{ name: '--index-url=https://evil', version: '1' }],
  [{ name: 'numpy', version: '1 --index-url x' }],
  [{ name: 'numpy @ https://evil', version: '1' }],
  [{ name: 'numpy', version: '-r/etc/passwd' }],
  [{ name: 'a;touch owned', version: '1' }],
])('%j is no package that can be installed, and that is told', (one) => {
  const facts = { environment: environment({ packages: [one] }) };
  expect(commands(facts).join('\n')).not.toContain('install');
  expect(missing(facts)).toEqual(['PACKAGES']);
});

test('npm and conda have words of their own', () => {
  const packages = [{ name: '@scope/a', version: '1.0.0' }];
  const node = environment({ language: 'node', languageVersion: '20.1.0', packages });
  expect(commands({ environment: node })).toContain('npm install --no-save @scope/a@1.0.0 >&2');
  const conda = environment({ packageManager: 'conda', packages: [{ name: 'a', version: '1' }] });
  expect(commands({ environment: conda })).toContain(
    `conda create --quiet --yes --no-deps --prefix "$base/environment" 'a=1' >&2`,
  );
  const other = environment({ packageManager: 'cargo', packages });
  expect(missing({ environment: other })).toEqual(['PACKAGES']);
});

test('data comes from the server, or from its address, or it is missing', () => {
  const version = (facts: Partial<DatasetVersion>) =>
    ({ ref: "it's@1", sha256: null, uri: null, ...facts }) as DatasetVersion;
  const of = (facts: Partial<DatasetVersion>, bytes: ReturnType<typeof file> | null = null) => {
    const datasets = [{ version: version(facts), bytes }];
    return {
      lines: commands({ datasets }).slice(CLONE.length + VENV.length, -1),
      missing: missing({ datasets }),
    };
  };
  const place = `"$base"/datasets/'it'\\''s@1'`;
  expect(of({ sha256: SHA }, file('x'))).toEqual({ lines: [`modelgraph_file ${SHA} ${place}`], missing: [] });
  const made = 'mkdir -p "$base/datasets"';
  expect(of({ uri: "https://example.org/a.csv?x='y#digest", sha256: SHA })).toEqual({
    lines: [
      made,
      `curl -fsSL -o ${place} --url 'https://example.org/a.csv?x='\\''y'`,
      `modelgraph_check ${SHA} ${place}`,
    ],
    missing: [],
  });
  expect(of({ uri: 's3://bucket/a.parquet' }).lines).toEqual([
    made,
    `aws s3 cp s3://bucket/a.parquet ${place} >&2`,
  ]);
  for (const uri of ['dataset:a#1', 'relative.csv', 'https://-evil', null])
    expect(of({ uri })).toEqual({ lines: [], missing: ['DATASET'] });
});

test('without the code there is a folder for it, and what is missing is told', () => {
  expect(commands({ code: null })).toEqual(['mkdir -p code', 'cd code', ...VENV]);
  expect(missing({ code: null })).toEqual(['REPOSITORY', 'COMMIT', 'COMMAND']);
});

test('an entry point is a command as far as it goes', () => {
  const code = { ...CODE, command: null, entryPoint: '-x.py' };
  expect(commands({ code }).at(-1)).toBe('python ./-x.py');
  expect(missing({ code })).toEqual(['COMMAND']);
  expect(missing({ code: { ...code, entryPoint: 'a\nb' } })).toEqual(['COMMAND']);
});

test('whatever is told, each line of the script is a step’s or a comment', () => {
  const evil = 'x\ntouch owned\u2028\u0085\r';
  const { script, steps } = reproduction(
    known({
      run: { name: evil },
      params: [{ key: evil, value: evil }],
      environment: environment({ operatingSystem: evil, containerImage: evil, languageVersion: evil }),
      code: { ...CODE, repository: evil, commit: evil, omittedFiles: [evil] },
    }),
  );
  const told = new Set(steps.flatMap(({ command }) => command.split(/[\n\r\u2028\u0085]/)));
  for (const line of script.split(/[\n\r\u2028\u0085]/))
    expect([line, line === '' || line === 'set -eu' || line.startsWith('#') || told.has(line)]).toEqual([
      line,
      true,
    ]);
});
