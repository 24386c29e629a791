import type { Sha256 } from '../kernel/artifacts';
import { invalidArtifact, shorten, type InvalidArtifact } from '../kernel/errors';

export const artifactNotFound = (sha256: Sha256): InvalidArtifact =>
  invalidArtifact(
    'ARTIFACT_NOT_FOUND',
    `This project has no artifact ${sha256}. Upload it first: PUT /artifacts/sha256/${sha256}, then try again.`,
  );

export const notCsv = (message: string): InvalidArtifact =>
  invalidArtifact('INVALID_CSV', `The artifact is not a CSV table with a header: ${shorten(message, 400)}`);
