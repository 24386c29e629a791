import type { Sha256 } from '../kernel/artifacts/artifact';
import { invalidArtifact, shorten, type InvalidArtifact } from '../kernel/errors';
import type { Unreadable, UnreadableCode } from './reading/unreadable';

export const artifactNotFound = (sha256: Sha256): InvalidArtifact =>
  invalidArtifact(
    'ARTIFACT_NOT_FOUND',
    `This project has no artifact ${sha256}. Upload it first: PUT /artifacts/sha256/${sha256}, then try again.`,
  );

export const unreadable = ({ code, message }: Unreadable): InvalidArtifact =>
  invalidArtifact(code, `${WHAT[code]}: ${shorten(message, 500)}`);

const WHAT: Readonly<Record<UnreadableCode, string>> = {
  INVALID_CSV: 'The artifact is not a CSV table with a header',
  INVALID_PARQUET: 'The artifact is not a Parquet file that can be read',
  INVALID_JSON_LINES: 'The artifact is not a table of JSON lines',
  UNKNOWN_FORMAT: 'The artifact is neither CSV, Parquet nor JSON lines',
  TOO_LARGE_TO_READ: 'The artifact is too large to be read here',
  SOURCE_NOT_FOUND: 'The data is not where it should be',
  SOURCE_NOT_READABLE: 'The data cannot be read from where it lies',
  SOURCE_TOO_LARGE: 'The data is too large to be read from where it lies',
  SOURCE_CHANGED: 'The data is not what it should be',
  READER_DIED: 'The artifact could not be read',
  READER_MISSING: 'The artifact could not be read',
};
