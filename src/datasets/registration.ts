import { parseSha256, type Sha256 } from '../kernel/artifacts';
import { invalidInput, refuse, shorten, type InvalidInput, type Refusal } from '../kernel/errors';
import { InputCheck, MAX_NAME_LENGTH } from '../kernel/input-check';
import type { CsvProfile } from './csv-profile';
import type { DatasetVersion } from './dataset';

/** What a caller sends to register a version: bytes, an address, or both. */
export interface RegisterVersionInput {
  readonly dataset: string;
  readonly artifact?: { readonly sha256: string } | null;
  readonly uri?: string | null;
  readonly target?: string | null;
  readonly idempotencyKey?: string | null;
}

/** The same, checked. */
export interface Registration {
  readonly dataset: string;
  readonly sha256: Sha256 | null;
  readonly uri: string | null;
  readonly target: string | null;
}

/** Longest address of data, in characters; what browsers and proxies take. */
const MAX_URI_LENGTH = 2_048;

export function checkRegistration(
  input: RegisterVersionInput,
): { readonly ok: true; readonly registration: Registration } | Refusal<InvalidInput> {
  const { dataset, artifact = null, uri = null, target = null, idempotencyKey = null } = input;
  const check = new InputCheck().name('dataset', dataset);
  const sha256 = artifact === null ? null : parseSha256(artifact.sha256);
  if (artifact !== null && sha256 === null) {
    check.add('artifact.sha256', '64 lower-case hexadecimal digits', `“${shorten(artifact.sha256)}”`);
  }
  if (artifact === null && uri === null) check.add('artifact', 'an artifact, a uri or both', 'neither');
  if (uri !== null) {
    check.text('uri', uri, MAX_URI_LENGTH);
    if (!URL.canParse(uri))
      check.add('uri', 'an absolute address such as s3://bucket/key', `“${shorten(uri)}”`);
  }
  if (target !== null) check.text('target', target, MAX_NAME_LENGTH);
  if (target !== null && artifact === null) {
    check.add('target', 'an artifact, whose columns can be checked', 'a uri alone');
  }
  if (idempotencyKey !== null) check.text('idempotencyKey', idempotencyKey, MAX_NAME_LENGTH);
  const error = check.result();
  return error ? refuse(error) : { ok: true, registration: { dataset, sha256, uri, target } };
}

/** The target must be one of the columns. */
export function checkTarget(target: string | null, { columns }: CsvProfile): InvalidInput | null {
  if (target === null || columns.some(({ name }) => name === target)) return null;
  const names = shorten(columns.map(({ name }) => name).join(', '), 300);
  return invalidInput([
    { path: 'target', expected: `one of the columns: ${names}`, actual: `“${shorten(target)}”` },
  ]);
}

/** A version is never changed: the same data cannot get another target later. */
export function checkSameTarget(target: string | null, same: DatasetVersion): InvalidInput | null {
  if (target === null || target === same.target) return null;
  const had = same.target === null ? 'no target' : `“${shorten(same.target)}”`;
  const expected = `${had}, as in ${shorten(same.ref)}, which has the same data`;
  return invalidInput([{ path: 'target', expected, actual: `“${shorten(target)}”` }]);
}
