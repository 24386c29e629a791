import { parseSha256 } from '../kernel/artifacts/artifacts';
import type { Sha256 } from '../kernel/artifacts/artifact';
import { invalidInput, refuse, shorten, type InvalidInput, type Refusal } from '../kernel/errors';
import { InputCheck, MAX_NAME_LENGTH, MAX_PROSE_LENGTH } from '../kernel/input-check';
import { checkTags, type Tag } from './annotation';
import type { DatasetVersion, DeclaredColumn } from './dataset';
import type { Datatype } from './data-profile';
import { MAX_COLUMNS, MAX_COLUMN_NAME_LENGTH } from './reading/limits';

/** What a caller sends to register a version: bytes, an address, or both. */
export interface RegisterVersionInput {
  readonly dataset: string;
  readonly artifact?: { readonly sha256: string } | null;
  readonly uri?: string | null;
  /** Of the bytes at the address, where they are not uploaded. So are the next three. */
  readonly sha256?: string | null;
  readonly sizeBytes?: bigint | null;
  readonly rowCount?: bigint | null;
  readonly columns?: readonly { readonly name: string; readonly datatype: string }[] | null;
  readonly target?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly Tag[] | null;
  readonly idempotencyKey?: string | null;
}

/** The same, checked. */
export interface Registration {
  readonly dataset: string;
  /** Whether the bytes are an uploaded artifact, and so can be read. */
  readonly isUploaded: boolean;
  /** Whether they lie where this server may read them, and are known by their hash. */
  readonly isAtSource: boolean;
  readonly sha256: Sha256 | null;
  readonly uri: string | null;
  readonly sizeBytes: number | null;
  readonly rowCount: number | null;
  readonly declaredColumns: readonly DeclaredColumn[];
  readonly target: string | null;
  readonly description: string | null;
  readonly tags: readonly Tag[];
}

/** Longest address of data, in characters; what browsers and proxies take. */
const MAX_URI_LENGTH = 2_048;
/** Largest size or count, which stands for itself as a number of JavaScript. */
const MAX_COUNT = BigInt(Number.MAX_SAFE_INTEGER);
const DATATYPES: readonly Datatype[] = ['INT64', 'FP64', 'BOOL', 'BYTES'];

/** @param isSource whether data at an address may be read */
export function checkRegistration(
  input: RegisterVersionInput,
  isSource: (uri: string) => boolean,
): { readonly ok: true; readonly registration: Registration } | Refusal<InvalidInput> {
  const { dataset, artifact = null, uri = null, target = null, idempotencyKey = null } = input;
  const check = new InputCheck().name('dataset', dataset);
  const sha256 =
    artifact === null
      ? checkedSha256(check, 'sha256', input.sha256 ?? null)
      : checkedSha256(check, 'artifact.sha256', artifact.sha256);
  if (artifact === null && uri === null) check.add('artifact', 'an artifact, a uri or both', 'neither');
  if (artifact !== null) checkNothingDeclared(check, input);
  if (uri !== null) {
    check.text('uri', uri, MAX_URI_LENGTH);
    if (!URL.canParse(uri))
      check.add('uri', 'an absolute address such as s3://bucket/key', `“${shorten(uri)}”`);
  }
  const declaredColumns = checkedColumns(check, input.columns ?? []);
  if (target !== null) check.text('target', target, MAX_NAME_LENGTH);
  const isUploaded = artifact !== null;
  const isAtSource = !isUploaded && sha256 !== null && uri !== null && isSource(uri);
  if (target !== null && !isUploaded && !isAtSource) checkDeclaredTarget(check, target, declaredColumns);
  check.optionalText('description', input.description, MAX_PROSE_LENGTH);
  checkTags(check, 'tags', input.tags ?? []);
  if (idempotencyKey !== null) check.text('idempotencyKey', idempotencyKey, MAX_NAME_LENGTH);
  const sizeBytes = checkedCount(check, 'sizeBytes', input.sizeBytes ?? null);
  const rowCount = checkedCount(check, 'rowCount', input.rowCount ?? null);
  const error = check.result();
  if (error) return refuse(error);
  const { description = null, tags } = input;
  const said = { description, tags: tags ?? [] };
  const bytes = { isUploaded, isAtSource, sha256, uri };
  const registration = { dataset, ...bytes, sizeBytes, rowCount, declaredColumns, target };
  return { ok: true, registration: { ...registration, ...said } };
}

function checkedSha256(check: InputCheck, path: string, text: string | null): Sha256 | null {
  const sha256 = text === null ? null : parseSha256(text);
  if (text !== null && sha256 === null)
    check.add(path, '64 lower-case hexadecimal digits', `“${shorten(text)}”`);
  return sha256;
}

/** Of bytes that are here we know ourselves what they are. */
function checkNothingDeclared(check: InputCheck, input: RegisterVersionInput): void {
  for (const path of ['sha256', 'sizeBytes', 'rowCount', 'columns'] as const) {
    if (input[path] !== null && input[path] !== undefined)
      check.add(path, 'nothing beside an artifact, from which it is read', 'a value');
  }
}

function checkedCount(check: InputCheck, path: string, count: bigint | null): number | null {
  if (count === null) return null;
  if (count < 0n || count > MAX_COUNT) check.add(path, `0 to ${MAX_COUNT}`, String(count));
  return Number(count);
}

function checkedColumns(
  check: InputCheck,
  columns: readonly { readonly name: string; readonly datatype: string }[],
): readonly DeclaredColumn[] {
  check.count('columns', columns.length, MAX_COLUMNS);
  const names = new Set<string>();
  return columns.slice(0, MAX_COLUMNS).flatMap(({ name, datatype }, index) => {
    check.text(`columns[${index}].name`, name, MAX_COLUMN_NAME_LENGTH);
    if (names.has(name)) check.add(`columns[${index}].name`, 'each name once', `“${shorten(name)}” again`);
    names.add(name);
    const known = DATATYPES.find((type) => type === datatype);
    if (known) return [{ name, datatype: known }];
    check.add(`columns[${index}].datatype`, `one of ${DATATYPES.join(', ')}`, `“${shorten(datatype)}”`);
    return [];
  });
}

function checkDeclaredTarget(check: InputCheck, target: string, columns: readonly DeclaredColumn[]): void {
  if (columns.length === 0)
    check.add('target', 'an artifact or declared columns, by which it can be checked', 'a uri alone');
  else if (!columns.some(({ name }) => name === target))
    check.add('target', `one of the columns: ${namesOf(columns)}`, `“${shorten(target)}”`);
}

/** The target must be one of the columns. */
export function checkTarget(
  target: string | null,
  columns: readonly { readonly name: string }[],
): InvalidInput | null {
  if (target === null || columns.some(({ name }) => name === target)) return null;
  return invalidInput([
    { path: 'target', expected: `one of the columns: ${namesOf(columns)}`, actual: `“${shorten(target)}”` },
  ]);
}

const namesOf = (columns: readonly { readonly name: string }[]) =>
  shorten(columns.map(({ name }) => name).join(', '), 300);

/** A version is never changed: the same data cannot get another target later. */
export function checkSameTarget(target: string | null, same: DatasetVersion): InvalidInput | null {
  if (target === null || target === same.target) return null;
  const had = same.target === null ? 'no target' : `“${shorten(same.target)}”`;
  const expected = `${had}, as in ${shorten(same.ref)}, which has the same data`;
  return invalidInput([{ path: 'target', expected, actual: `“${shorten(target)}”` }]);
}
