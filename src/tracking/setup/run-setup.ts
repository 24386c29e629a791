import type { Sha256 } from '../../kernel/artifacts/artifact';
import type { KeyValue, RunArtifact, Source } from '../run';

/** What is known of the code beyond its source: each fact is null where nobody has told it. */
export interface CodeDetail {
  /** Whether the remote repository had the commit when the run began. */
  readonly pushed: boolean | null;
  /** Changed files that the diff does not have: they were too large, or looked like secrets. */
  readonly omittedFiles: readonly string[] | null;
  /** The words of the command line, the program first. */
  readonly command: readonly string[] | null;
  /** Where the command was given, relative to the top of the repository; `.` is the top itself. */
  readonly workingDirectory: string | null;
}

/** Everything that was told of the code. */
export interface RunCode extends Required<Source>, CodeDetail {
  /** The changes beyond the commit, as `git diff --binary` writes them. */
  readonly diff: RunArtifact | null;
}

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
}

export interface GpuCard {
  readonly name: string;
  readonly memoryBytes: number | null;
  readonly driver: string | null;
}

/** What a run was made with: each fact is null where nobody has told it. */
export interface EnvironmentFacts {
  /** `python`, `node`, or any other. */
  readonly language: string | null;
  readonly languageVersion: string | null;
  /** `pip`, `conda`, `npm`, or any other: whose names and versions the packages have. */
  readonly packageManager: string | null;
  /** By name; an empty list says that there were none. */
  readonly packages: readonly InstalledPackage[] | null;
  readonly operatingSystem: string | null;
  readonly cpuModel: string | null;
  readonly cpuCores: number | null;
  readonly memoryBytes: number | null;
  /** An empty list says that there were none. */
  readonly gpus: readonly GpuCard[] | null;
  /** Reference of the container's image, best by its digest. */
  readonly containerImage: string | null;
}

export interface RunEnvironment extends EnvironmentFacts {
  /** By name. */
  readonly variables: readonly KeyValue[];
  /** Files that pin packages, such as `requirements.txt` or `package-lock.json`. */
  readonly lockFiles: readonly RunArtifact[];
}

export interface RunSeed {
  readonly name: string;
  readonly value: bigint;
}

/** What a run was made with, as far as somebody has told it. */
export interface RunSetup {
  readonly code: CodeDetail;
  readonly environment: EnvironmentFacts;
  readonly variables: readonly KeyValue[];
  readonly seeds: readonly RunSeed[];
  readonly files: readonly SetupFile[];
}

export const FILE_ROLES = ['DIFF', 'CONFIG', 'LOCK'] as const;
export type FileRole = (typeof FILE_ROLES)[number];

/** Bytes that belong to what a run was made with. */
export interface SetupFile extends RunArtifact {
  readonly role: FileRole;
}

/** The one name that a diff has. */
export const DIFF_PATH = 'changes.diff';

export const NOTHING_TOLD: RunSetup = {
  code: { pushed: null, omittedFiles: null, command: null, workingDirectory: null },
  environment: {
    language: null,
    languageVersion: null,
    packageManager: null,
    packages: null,
    operatingSystem: null,
    cpuModel: null,
    cpuCores: null,
    memoryBytes: null,
    gpus: null,
    containerImage: null,
  },
  variables: [],
  seeds: [],
  files: [],
};

type Optional<Facts> = { readonly [Fact in keyof Facts]?: Facts[Fact] | null };
export interface FileInput {
  /** Relative to the top of the repository, with slashes. */
  readonly path: string;
  readonly artifact: { readonly sha256: string };
}
/** Bytes that were uploaded before, or the text itself. */
export interface DiffInput {
  readonly text?: string | null;
  readonly sha256?: string | null;
}
export interface CodeInput extends Source, Optional<CodeDetail> {
  readonly diff?: DiffInput | null;
}
export interface EnvironmentInput extends Optional<EnvironmentFacts> {
  readonly variables?: readonly KeyValue[] | null;
  readonly lockFiles?: readonly FileInput[] | null;
}
/** Facts to tell of a run; what is null or absent is not told. */
export interface SetupInput {
  readonly code?: CodeInput | null;
  readonly environment?: EnvironmentInput | null;
  readonly seeds?: readonly RunSeed[] | null;
  readonly configFiles?: readonly FileInput[] | null;
}

/** Facts that were checked: files are known by their size, and addresses have no passwords. */
export interface ToldSetup {
  readonly source: Source;
  readonly setup: RunSetup;
}

export type KnownSizes = ReadonlyMap<Sha256, number>;
