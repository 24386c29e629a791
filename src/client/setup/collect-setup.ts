import { realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { KeyValue } from '../operations/runs';
import { codeFacts, inside, ownCommand, slashed, type CodeFacts, type FoundCode } from './code-facts';
import { machineFacts, type MachineFacts } from './machine-facts';
import { packageFacts, type FoundPackages, type LockFile, type PackageFacts } from './package-facts';
import { looksSecret } from './secret-words';
import { captureOf, type CaptureOptions, type SetupOptions } from './setup-options';

/** Largest file with settings, in bytes. */
const MAX_CONFIG_BYTES = 10 * 1024 ** 2;
/** The server's limit. */
const MAX_VARIABLE_LENGTH = 6_000;

/** Variables that change how numbers come out, or which cards are seen. */
const VARIABLES = [
  ...['CUDA_VISIBLE_DEVICES', 'CUBLAS_WORKSPACE_CONFIG', 'NVIDIA_TF32_OVERRIDE', 'ROCR_VISIBLE_DEVICES'],
  ...[
    'OMP_NUM_THREADS',
    'MKL_NUM_THREADS',
    'OPENBLAS_NUM_THREADS',
    'PYTHONHASHSEED',
    'PYTORCH_CUDA_ALLOC_CONF',
  ],
  ...['TF_DETERMINISTIC_OPS', 'TF_ENABLE_ONEDNN_OPTS', 'XLA_FLAGS', 'WORLD_SIZE', 'TZ'],
];

/** What was found, with the bytes that belong to it. */
export interface CollectedSetup {
  readonly code: CodeFacts | null;
  readonly diff: Buffer | null;
  readonly environment: (Partial<MachineFacts> & PackageFacts & EnvironmentMore) | null;
  readonly locks: readonly LockFile[];
  readonly configFiles: readonly LockFile[];
  readonly seeds: readonly { readonly name: string; readonly value: string }[];
  /** What could not be found, or was left out, for a person. */
  readonly warnings: readonly string[];
}
interface EnvironmentMore {
  readonly containerImage?: string;
  readonly variables?: readonly KeyValue[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @param spool folder of what waits for the server, which is no code */
export async function collectSetup(
  options: SetupOptions,
  environment: Environment,
  spool: string,
  folder = process.cwd(),
): Promise<CollectedSetup> {
  const warnings: string[] = [];
  const place = realpathSync(folder);
  const capture = captureOf(options, environment);
  const command = commandOf(options, capture, place);
  const code = await codeOf(options, capture, { command, place, spool });
  const [machine, packages, configFiles] = await Promise.all([
    capture && capture.environment !== false ? machineFacts() : null,
    // A process without a file of its own, such as a notebook's, is Node all the same.
    packagesOf(capture, { command: options.command ? command : (command ?? ['node']), place, top: code.top }),
    configOf(options.configFiles ?? [], place, code.top, warnings),
  ]);
  const variables = capture ? variablesOf(capture, environment, warnings) : [];
  const containerImage = options.containerImage ?? environment.MODELGRAPH_CONTAINER_IMAGE;
  const told = {
    ...machine,
    ...packages.facts,
    ...(variables.length > 0 && { variables }),
    ...(containerImage && { containerImage }),
  };
  return {
    code: Object.keys(code.facts).length > 0 ? code.facts : null,
    diff: code.diff,
    environment: Object.keys(told).length > 0 ? told : null,
    locks: packages.locks,
    configFiles,
    seeds: seedsOf(options, warnings),
    warnings,
  };
}

/** An empty one says that it is not known. */
function commandOf({ command }: SetupOptions, capture: CaptureOptions | null, place: string) {
  if (command) return command.length > 0 ? command : null;
  return capture ? ownCommand(place) : null;
}

interface Place {
  readonly command: readonly string[] | null;
  readonly place: string;
}

async function codeOf(
  options: SetupOptions,
  capture: CaptureOptions | null,
  { command, place, spool }: Place & { readonly spool: string },
): Promise<FoundCode> {
  const isWanted = capture !== null && capture.code !== false;
  // Paths of configuration files are relative to the top of the repository, whatever else is wanted.
  if (!isWanted && !command && !options.configFiles?.length) return { facts: {}, diff: null, top: place };
  const found = await codeFacts({
    ...{ folder: place, command, spool: resolve(place, spool) },
    withDiff: isWanted && capture.diff !== false,
    withNewFiles: capture?.newFiles !== false,
  });
  if (isWanted) return found;
  const { entryPoint, command: words, workingDirectory } = found.facts;
  const facts = command ? { entryPoint, command: words, workingDirectory } : {};
  return { ...found, facts: JSON.parse(JSON.stringify(facts)) as CodeFacts };
}

async function packagesOf(
  capture: CaptureOptions | null,
  { command, place, top }: Place & { readonly top: string },
): Promise<FoundPackages> {
  if (!capture || capture.environment === false) return { facts: {}, locks: [] };
  return packageFacts(command, place, top, capture.packages !== false);
}

/** By their place in the repository; a file from elsewhere by its own name. */
async function configOf(
  files: readonly string[],
  place: string,
  top: string,
  warnings: string[],
): Promise<readonly LockFile[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      const path = resolve(place, file);
      try {
        const { size } = await stat(path);
        if (size > MAX_CONFIG_BYTES) throw new Error(`it has more than ${MAX_CONFIG_BYTES} bytes`);
        return { path: slashed(inside(top, path) ?? basename(path)), bytes: await readFile(path) };
      } catch (error) {
        warnings.push(`The configuration file ${file} was not kept: ${(error as Error).message}.`);
        return null;
      }
    }),
  );
  return found.filter((file) => file !== null);
}

function variablesOf(
  { environment: isWanted, variables = [] }: CaptureOptions,
  environment: Environment,
  warnings: string[],
): readonly KeyValue[] {
  if (isWanted === false) return [];
  return [...new Set([...VARIABLES, ...variables])].flatMap((key) => {
    const value = environment[key];
    if (value === undefined) return [];
    const isStorable = /^[A-Za-z_]\w*$/.test(key) && value.length <= MAX_VARIABLE_LENGTH;
    if (isStorable && !looksSecret(key, value) && !/\p{Cc}/u.test(value)) return [{ key, value }];
    warnings.push(`The variable ${key} was not told: it looks like a secret, or cannot be kept.`);
    return [];
  });
}

function seedsOf({ seed }: SetupOptions, warnings: string[]): CollectedSetup['seeds'] {
  if (seed === undefined) return [];
  const named = typeof seed === 'object' ? Object.entries(seed) : [['seed', seed] as const];
  return named.flatMap(([name, value]) => {
    const isWhole =
      typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
    if (isWhole) return [{ name, value: String(value) }];
    warnings.push(`The seed ${name} was not told: ${String(value)} is no whole number of 64 bits.`);
    return [];
  });
}
