import type { RunArtifact } from '../run';

/** Files that MLflow's clients log beside a model: what it needs to be loaded. */
export const MODEL_PINS = ['conda.yaml', 'python_env.yaml', 'requirements.txt'] as const;

/**
 * What of a run's files pins packages: beside a model (`MLmodel`) among its own files, and of the models that it
 * logged. The same bytes under the same name come once.
 */
export function modelPins(
  artifacts: readonly RunArtifact[],
  ofModels: readonly RunArtifact[],
): readonly RunArtifact[] {
  const folders = artifacts
    .filter(({ path }) => nameOf(path) === 'MLmodel')
    .map(({ path }) => folderOf(path));
  const beside = artifacts.filter(({ path }) => isPin(nameOf(path)) && folders.includes(folderOf(path)));
  const pins = [...beside, ...ofModels].map((file) => ({ ...file, path: nameOf(file.path) }));
  return [...new Map(pins.map((file) => [`${file.path} ${file.sha256}`, file])).values()];
}

const isPin = (name: string): boolean => MODEL_PINS.some((pin) => pin === name);
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
