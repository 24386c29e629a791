import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { inside, slashed } from './code-facts';
import { textOf } from './program-output';

/** Asking Python for its packages takes some tenths of a second; on a network disk some seconds. */
const PYTHON_TIMEOUT_MS = 15_000;
/** The server's limit. */
const MAX_PACKAGES = 5_000;
/** Largest file that pins packages, in bytes. */
const MAX_LOCK_BYTES = 20 * 1024 ** 2;

export interface PackageFacts {
  readonly language?: string;
  readonly languageVersion?: string;
  readonly packageManager?: string;
  readonly packages?: readonly { readonly name: string; readonly version: string }[];
}
export interface LockFile {
  readonly path: string;
  readonly bytes: Buffer;
}
export interface FoundPackages {
  readonly facts: PackageFacts;
  readonly locks: readonly LockFile[];
}

const NODE_LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'];
const PYTHON_LOCKS = ['uv.lock', 'poetry.lock', 'Pipfile.lock'];

/** The language of the command, its version, and its packages. */
export async function packageFacts(
  command: readonly string[] | null,
  folder: string,
  top: string,
  withPackages: boolean,
): Promise<FoundPackages> {
  const program = command?.[0] ?? '';
  const name = basename(program);
  if (/^python[\d.]*(\.exe)?$/.test(name)) return python(program, folder, top, withPackages);
  if (/^node(\.exe)?$/.test(name)) return node(program, folder, top, withPackages);
  return { facts: {}, locks: [] };
}

async function node(
  program: string,
  folder: string,
  top: string,
  withPackages: boolean,
): Promise<FoundPackages> {
  const version = await textOf(program, ['--version'], { folder, timeoutMs: PYTHON_TIMEOUT_MS });
  const facts = { language: 'node', ...(version && { languageVersion: version.replace(/^v/, '') }) };
  if (!withPackages) return { facts, locks: [] };
  const lock = await nearest(NODE_LOCKS, folder, top);
  if (lock) {
    const packages = npmPackages(lock);
    return { facts: { ...facts, ...(packages && { packageManager: 'npm', packages }) }, locks: [lock] };
  }
  const manifest = await nearest(['package.json'], folder, top);
  const hasNone =
    manifest === null ||
    !/"(dependencies|devDependencies|optionalDependencies)"/.test(String(manifest.bytes));
  return { facts: { ...facts, ...(hasNone && { packageManager: 'npm', packages: [] }) }, locks: [] };
}

/** What npm's lock file pins; null of another file. */
export function npmPackages({ path, bytes }: LockFile): PackageFacts['packages'] | null {
  if (!/(package-lock|npm-shrinkwrap)\.json$/.test(path)) return null;
  try {
    const { packages = {} } = JSON.parse(bytes.toString()) as {
      readonly packages?: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>;
    };
    const found = Object.entries(packages).flatMap(([key, { version, link }]) => {
      const name = key.split('node_modules/').at(-1) ?? '';
      return key.includes('node_modules/') && version && !link ? [{ name, version }] : [];
    });
    const each = [...new Map(found.map((one) => [`${one.name}@${one.version}`, one])).values()];
    return each.length <= MAX_PACKAGES ? each : null;
  } catch {
    return null;
  }
}

/** Packages that are somebody's folder are code, which the commit has. */
const ASK_PYTHON = `
import json, platform
from importlib.metadata import distributions
found = {}
for one in distributions():
    name = one.metadata["Name"]
    where = one.read_text("direct_url.json") or ""
    if name and one.version and '"url": "file:' not in where:
        found.setdefault(name, one.version)
print(json.dumps({"version": platform.python_version(), "packages": sorted(found.items())}))
`;

async function python(
  program: string,
  folder: string,
  top: string,
  withPackages: boolean,
): Promise<FoundPackages> {
  const text = await textOf(program, ['-c', ASK_PYTHON], { folder, timeoutMs: PYTHON_TIMEOUT_MS });
  const answer = text === null ? null : readPython(text);
  const language = { language: 'python', ...(answer && { languageVersion: answer.version }) };
  if (!withPackages) return { facts: language, locks: [] };
  const lock = await nearest(PYTHON_LOCKS, folder, top);
  const packages = answer && answer.packages.length <= MAX_PACKAGES ? answer.packages : null;
  const known = packages && { packageManager: 'pip', packages };
  return { facts: { ...language, ...known }, locks: lock ? [lock] : [] };
}

function readPython(text: string) {
  try {
    const { version, packages } = JSON.parse(text) as {
      readonly version: string;
      readonly packages: readonly (readonly [string, string])[];
    };
    return { version, packages: packages.map(([name, version]) => ({ name, version })) };
  } catch {
    return null;
  }
}

/** The first of these files that there is, in the folder or above it, up to the top. */
async function nearest(names: readonly string[], folder: string, top: string): Promise<LockFile | null> {
  for (let place = folder; inside(top, place) !== null; place = dirname(place)) {
    for (const name of names) {
      const bytes = await readFile(join(place, name)).catch(() => null);
      if (bytes && bytes.length <= MAX_LOCK_BYTES)
        return { path: slashed(inside(top, join(place, name)) ?? name), bytes };
    }
    if (place === dirname(place)) break;
  }
  return null;
}
