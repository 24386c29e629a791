import { DATASETS_REFERENCES } from './datasets/datasets.references';
import { ArtifactCollector, type CollectorInput } from './kernel/artifacts/artifact-collector';
import type { ArtifactReferences } from './kernel/artifacts/artifact-references';
import type { ShutdownStack } from './kernel/shutdown-stack';
import { REGISTRY_REFERENCES } from './registry/registry.references';
import { TRACKING_REFERENCES } from './tracking/tracking.references';

/** All that keeps artifacts. A test proves that no column with a hash is left out. */
export const ARTIFACT_REFERENCES: readonly ArtifactReferences[] = [
  ...DATASETS_REFERENCES,
  ...TRACKING_REFERENCES,
  ...REGISTRY_REFERENCES,
];

/** Removes in the background what nothing refers to. */
export function startCollector(input: Omit<CollectorInput, 'references'>, shutdown: ShutdownStack): void {
  const collector = new ArtifactCollector({ ...input, references: ARTIFACT_REFERENCES });
  shutdown.start('artifact collector', collector);
}
