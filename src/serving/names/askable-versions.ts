import type { Actor } from '../../kernel/actor';
import { MAX_PAGE_SIZE } from '../../kernel/cursor';
import type { ModelId, ModelVersion, Registry } from '../../registry/registry';

/** Those of a model's versions that something could run, newest first; of the newest `MAX_PAGE_SIZE`. */
export async function askableVersions(
  registry: Registry,
  actor: Actor,
  modelId: ModelId,
): Promise<readonly ModelVersion[]> {
  const page = { first: MAX_PAGE_SIZE, after: null };
  const [versions] = await registry.versionPages(actor, [{ modelId, page }]);
  return versions?.nodes.filter(({ format }) => format !== 'OPAQUE') ?? [];
}
