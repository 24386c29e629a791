import type { ModelVersion } from '../../registry/registry';

/**
 * `GetModelStatusResponse` in protobuf's JSON. A version is its ordinal, as text, since it has 64 bits there.
 *
 * @param whyNot why a version could not answer now; null where it could
 */
export const statusOf = (
  versions: readonly ModelVersion[],
  whyNot: (version: ModelVersion) => string | null,
) => ({
  model_version_status: versions.map((version) => ({
    version: String(version.ordinal),
    ...stateOf(whyNot(version)),
  })),
});

/**
 * As TensorFlow Serving tells of a version that has met an error: it waits for nothing that would make it available.
 */
const stateOf = (reason: string | null) =>
  reason === null
    ? { state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }
    : { state: 'END', status: { error_code: 'UNAVAILABLE', error_message: reason } };
