import { parseSha256 } from '../../kernel/artifacts/artifacts';
import type { Sha256 } from '../../kernel/artifacts/artifact';
import { InputCheck, MAX_KEY_LENGTH, MAX_NAME_LENGTH, MAX_VALUE_LENGTH } from '../../kernel/input-check';
import { shorten, type InvalidInput } from '../../kernel/errors';
import { artifactPathFault } from '../artifact-path';
import type { Source } from '../run';
import type { CodeInput, EnvironmentInput, FileInput, RunSeed, SetupInput } from './run-setup';
import { HIDDEN, looksSecretName, looksSecretValue, secretPlaces } from './secret-words';

/** Longest address, branch, entry point and kind of source, in characters: what MLflow takes as a tag. */
const MAX_SOURCE_LENGTH = 8_000;
/** Words of a command line, and their characters together: what a system can start. */
const MAX_WORDS = 1_000;
const MAX_COMMAND_LENGTH = 60_000;
/** Files that a diff leaves out, by name. */
const MAX_OMITTED = 100;
/** Packages of one environment. */
const MAX_PACKAGES = 5_000;
const MAX_GPUS = 64;
const MAX_VARIABLES = 200;
const MAX_SEEDS = 100;
/** Configuration files, and files that pin packages, of one run. */
const MAX_FILES = 100;
/** Longest diff that is told as text, in characters; a longer one is uploaded. */
export const MAX_DIFF_TEXT = 1_000_000;
/** Most that a size in bytes or a count can be. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** What nobody types into a command line, and what would show it to a person as another one. */
const UNPRINTABLE = /[^\P{Cc}\n\t]|\p{Bidi_Control}/u;
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,249}$/;

export function checkSetup(input: SetupInput): InvalidInput | null {
  const check = new InputCheck();
  if (input.code) checkCode(check, input.code);
  if (input.environment) checkEnvironment(check, input.environment);
  checkSeeds(check, input.seeds ?? []);
  checkFiles(check, 'configFiles', input.configFiles ?? []);
  return check.result();
}

/** @param path of the source in the input */
export function checkSource(check: InputCheck, path: string, source: Source): void {
  check.optionalText(`${path}.repository`, source.repository, MAX_SOURCE_LENGTH);
  check.optionalText(`${path}.commit`, source.commit, MAX_NAME_LENGTH);
  check.optionalText(`${path}.branch`, source.branch, MAX_SOURCE_LENGTH);
  check.optionalText(`${path}.entryPoint`, source.entryPoint, MAX_SOURCE_LENGTH);
  check.optionalText(`${path}.type`, source.type, MAX_SOURCE_LENGTH);
}

/** Every hash that the input names. */
export function hashesIn({ code, environment, configFiles }: SetupInput): readonly Sha256[] {
  const files = [...(environment?.lockFiles ?? []), ...(configFiles ?? [])];
  const texts = [...files.map(({ artifact }) => artifact.sha256), code?.diff?.sha256 ?? ''];
  return [...new Set(texts.flatMap((text) => parseSha256(text) ?? []))];
}

function checkCode(check: InputCheck, code: CodeInput): void {
  checkSource(check, 'code', code);
  const { diff, command, workingDirectory, omittedFiles } = code;
  if (diff) checkDiff(check, diff);
  check.count('code.omittedFiles', omittedFiles?.length ?? 0, MAX_OMITTED);
  omittedFiles
    ?.slice(0, MAX_OMITTED)
    .forEach((file, index) => check.text(`code.omittedFiles[${index}]`, file, MAX_VALUE_LENGTH));
  if (command) checkCommand(check, command);
  const fault = workingDirectory && workingDirectory !== '.' ? folderFault(workingDirectory) : null;
  if (fault !== null) check.add('code.workingDirectory', fault, `“${shorten(workingDirectory ?? '')}”`);
}

function checkDiff(check: InputCheck, { text, sha256 }: NonNullable<CodeInput['diff']>): void {
  const given = [text, sha256].filter((one) => one !== null && one !== undefined);
  if (given.length !== 1) check.add('code.diff', 'either text or sha256', `${given.length} of them`);
  check.optionalText('code.diff.text', text, MAX_DIFF_TEXT);
  if (typeof sha256 === 'string') checkHash(check, 'code.diff.sha256', sha256);
}

function checkCommand(check: InputCheck, words: readonly string[]): void {
  check.count('code.command', words.length, MAX_WORDS);
  const length = words.reduce((sum, word) => sum + word.length, 0);
  if (length > MAX_COMMAND_LENGTH)
    check.add('code.command', `at most ${MAX_COMMAND_LENGTH} characters`, `${length} characters`);
  if (words.length === 0 || words[0] === '') check.add('code.command', 'a program', 'an empty text');
  if (words.length > MAX_WORDS || length > MAX_COMMAND_LENGTH) return;
  words.forEach((word, index) => {
    check.optionalText(`code.command[${index}]`, word, MAX_COMMAND_LENGTH);
    if (UNPRINTABLE.test(word))
      check.add(`code.command[${index}]`, 'text without control characters', 'text with some');
  });
  for (const index of secretPlaces(words))
    check.add(
      `code.command[${index}]`,
      `no secret (tell ${HIDDEN} in its place, and give it by an environment variable)`,
      'what looks like one',
    );
}

function checkEnvironment(check: InputCheck, environment: EnvironmentInput): void {
  for (const fact of ['language', 'languageVersion', 'packageManager'] as const)
    check.optionalText(`environment.${fact}`, environment[fact], MAX_NAME_LENGTH);
  for (const fact of ['operatingSystem', 'cpuModel', 'containerImage'] as const)
    check.optionalText(`environment.${fact}`, environment[fact], MAX_VALUE_LENGTH);
  checkCount(check, 'environment.cpuCores', environment.cpuCores);
  checkCount(check, 'environment.memoryBytes', environment.memoryBytes);
  checkPackages(check, environment.packages ?? []);
  check.count('environment.gpus', environment.gpus?.length ?? 0, MAX_GPUS);
  environment.gpus?.slice(0, MAX_GPUS).forEach(({ name, driver, memoryBytes }, index) => {
    check.text(`environment.gpus[${index}].name`, name, MAX_NAME_LENGTH);
    check.optionalText(`environment.gpus[${index}].driver`, driver, MAX_NAME_LENGTH);
    checkCount(check, `environment.gpus[${index}].memoryBytes`, memoryBytes);
  });
  checkVariables(check, environment.variables ?? []);
  checkFiles(check, 'environment.lockFiles', environment.lockFiles ?? []);
}

function checkPackages(check: InputCheck, packages: NonNullable<EnvironmentInput['packages']>): void {
  check.count('environment.packages', packages.length, MAX_PACKAGES);
  if (packages.length > MAX_PACKAGES) return;
  packages.forEach(({ name, version }, index) => {
    check.text(`environment.packages[${index}].name`, name, MAX_NAME_LENGTH);
    check.text(`environment.packages[${index}].version`, version, MAX_NAME_LENGTH);
  });
}

function checkVariables(check: InputCheck, variables: NonNullable<EnvironmentInput['variables']>): void {
  check.count('environment.variables', variables.length, MAX_VARIABLES);
  const keys = new Set<string>();
  variables.slice(0, MAX_VARIABLES).forEach(({ key, value }, index) => {
    const path = `environment.variables[${index}]`;
    if (!VARIABLE_NAME.test(key))
      check.add(`${path}.key`, `letters, digits and _, at most ${MAX_KEY_LENGTH}`, `“${shorten(key)}”`);
    if (keys.has(key)) check.add(`${path}.key`, 'each name once', `“${shorten(key)}” again`);
    keys.add(key);
    check.optionalText(`${path}.value`, value, MAX_VALUE_LENGTH);
    if (UNPRINTABLE.test(value))
      check.add(`${path}.value`, 'text without control characters', 'text with some');
    if (looksSecretName(key) || looksSecretValue(value))
      check.add(path, 'no secret', `“${shorten(key)}”, which looks like one: it is not kept`);
  });
}

function checkSeeds(check: InputCheck, seeds: readonly RunSeed[]): void {
  check.count('seeds', seeds.length, MAX_SEEDS);
  const names = new Set<string>();
  seeds.slice(0, MAX_SEEDS).forEach(({ name }, index) => {
    check.text(`seeds[${index}].name`, name, MAX_KEY_LENGTH);
    if (names.has(name)) check.add(`seeds[${index}].name`, 'each name once', `“${shorten(name)}” again`);
    names.add(name);
  });
}

function checkFiles(check: InputCheck, path: string, files: readonly FileInput[]): void {
  check.count(path, files.length, MAX_FILES);
  const paths = new Set<string>();
  files.slice(0, MAX_FILES).forEach((file, index) => {
    const fault = folderFault(file.path);
    if (fault !== null) check.add(`${path}[${index}].path`, fault, `“${shorten(file.path)}”`);
    if (paths.has(file.path))
      check.add(`${path}[${index}].path`, 'each path once', `“${shorten(file.path)}” again`);
    paths.add(file.path);
    checkHash(check, `${path}[${index}].artifact.sha256`, file.artifact.sha256);
  });
}

/** Inside a checked out repository: what is git's own is nobody else's. */
function folderFault(path: string): string | null {
  if (path.split('/').some((part) => part.toLowerCase().replace(/[. ]+$/, '') === '.git'))
    return 'a path that does not lead into .git';
  return UNPRINTABLE.test(path) ? 'text without control characters' : artifactPathFault(path);
}

function checkHash(check: InputCheck, path: string, text: string): void {
  if (parseSha256(text) === null) check.add(path, '64 lower-case hexadecimal digits', `“${shorten(text)}”`);
}

function checkCount(check: InputCheck, path: string, count: number | null | undefined): void {
  if (count === null || count === undefined) return;
  if (!Number.isInteger(count) || count < 0 || count > MAX_COUNT)
    check.add(path, 'a whole number that is not negative', String(count));
}
