import { parseSha256 } from '../../kernel/artifacts/artifacts';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { Source } from '../run';
import { withoutCredentials } from './repository-address';
import {
  DIFF_PATH,
  NOTHING_TOLD,
  type FileInput,
  type FileRole,
  type KnownSizes,
  type RunSetup,
  type SetupFile,
  type SetupInput,
  type ToldSetup,
} from './run-setup';

/**
 * An input that was checked as facts: addresses without passwords, packages by name, files with their sizes.
 *
 * @param keptDiff of a diff that was told as text
 */
export function toldSetup(input: SetupInput, keptDiff: Sha256 | null, sizes: KnownSizes): ToldSetup {
  const { code, environment, seeds, configFiles } = input;
  const { pushed, omittedFiles, command, workingDirectory } = code ?? {};
  const { variables, lockFiles, packages, ...facts } = environment ?? {};
  const diff = keptDiff ?? code?.diff?.sha256 ?? null;
  const setup: RunSetup = {
    code: {
      pushed: pushed ?? null,
      omittedFiles: omittedFiles ?? null,
      command: command ?? null,
      workingDirectory: workingDirectory ?? null,
    },
    environment: {
      ...NOTHING_TOLD.environment,
      ...facts,
      gpus: facts.gpus?.map(gpuOf) ?? null,
      packages: packages ? sortedPackages(packages) : null,
    },
    variables: variables?.map(({ key, value }) => ({ key, value })) ?? [],
    seeds: seeds?.map(({ name, value }) => ({ name, value })) ?? [],
    files: [
      ...filesOf('CONFIG', configFiles ?? [], sizes),
      ...filesOf('LOCK', lockFiles ?? [], sizes),
      ...(diff === null ? [] : filesOf('DIFF', [{ path: DIFF_PATH, artifact: { sha256: diff } }], sizes)),
    ],
  };
  return { source: sourceOf(code ?? {}, diff !== null), setup };
}

/** The facts by which runs are found; a diff says by itself that there were changes. */
function sourceOf(code: Source, hasDiff: boolean): Source {
  const { repository, commit, branch, entryPoint, type, dirty } = code;
  return toldSource({
    ...{ repository, commit, branch, entryPoint, type },
    dirty: dirty ?? (hasDiff ? true : null),
  });
}

/** What of a source was told, as it may be kept. */
export function toldSource(source: Source): Source {
  const repository = source.repository && withoutCredentials(source.repository);
  const facts = Object.entries({ ...source, repository });
  return Object.fromEntries(facts.filter(([, fact]) => fact !== null && fact !== undefined));
}

const gpuOf = ({ name, memoryBytes, driver }: NonNullable<RunSetup['environment']['gpus']>[number]) => ({
  name,
  memoryBytes: memoryBytes ?? null,
  driver: driver ?? null,
});

const sortedPackages = (packages: NonNullable<RunSetup['environment']['packages']>) =>
  packages
    .map(({ name, version }) => ({ name, version }))
    .sort((a, b) => (a.name === b.name ? compare(a.version, b.version) : compare(a.name, b.name)));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const filesOf = (role: FileRole, files: readonly FileInput[], sizes: KnownSizes): readonly SetupFile[] =>
  files.map(({ path, artifact }) => {
    const sha256 = parseSha256(artifact.sha256) as Sha256; // the input was checked
    return { role, path, sha256, sizeBytes: sizes.get(sha256) ?? 0 };
  });
