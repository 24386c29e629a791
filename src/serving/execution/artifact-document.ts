import type { Artifacts } from '../../kernel/artifacts/artifacts';
import type { Artifact } from '../../kernel/artifacts/artifact';
import { MAX_DOCUMENT_BYTES, readRemoteDocument, type ReadDocument } from './remote-document';

/**
 * The document that an artifact is; null where it is none, but perhaps a model itself. Models are not fetched for it:
 * only workers need their bytes, and this process may have none. Throws `ArtifactLost`.
 */
export async function documentOf(
  artifacts: Artifacts,
  { sha256, sizeBytes }: Artifact,
): Promise<ReadDocument | null> {
  if (sizeBytes <= MAX_DOCUMENT_BYTES) return artifacts.withFile(sha256, readRemoteDocument);
  await artifacts.expect(sha256);
  return null;
}
