import type { DatasetVersion } from '../../datasets/datasets';
import type { RunArtifact } from '../run';
import { fileStep, plainStep } from './file-steps';
import type { MissingFact, Part, ReproductionStep } from './reproduction-step';
import { shellWord } from './shell-words';
import type { UsedDataset } from './known-of-run';

/** The data that the run used, each version at a place of its own beside the code. */
export function dataSteps(datasets: readonly UsedDataset[]): Part {
  const found = datasets.map(({ version, bytes }) => ({ version, step: dataStep(version, bytes) }));
  return {
    steps: found.flatMap(({ step }) => step ?? []),
    missing: found.flatMap(({ version, step }) => (step ? [] : [nowhere(version)])),
  };
}

const nowhere = ({ ref, uri }: DatasetVersion): MissingFact => ({
  kind: 'DATASET',
  message: uri
    ? `How to fetch the data ${ref} from ${uri} is not known.`
    : `Where the data ${ref} came from was not told.`,
  isBlocking: true,
});

function dataStep(version: DatasetVersion, bytes: RunArtifact | null): ReproductionStep | null {
  const { ref, sha256, uri } = version;
  // Names of datasets have no slashes, and `$base` is a whole path.
  const place = `"$base"/datasets/${shellWord(ref)}`;
  const description = `The data ${ref}, to $base/datasets/${ref}.`;
  if (bytes) {
    const step = fileStep('FETCH_DATASET', description, bytes, ref);
    return { ...step, command: `modelgraph_file ${bytes.sha256} ${place}`, dataset: version };
  }
  const address = uri?.split('#')[0] ?? '';
  const fetch = fetchCommand(address, place);
  if (fetch === null) return null;
  const check = sha256 === null ? [] : [`modelgraph_check ${sha256} ${place}`];
  const lines = ['mkdir -p "$base/datasets"', fetch, ...check];
  return { ...plainStep('FETCH_DATASET', description, lines.join('\n')), dataset: version };
}

function fetchCommand(address: string, place: string): string | null {
  if (/^https?:\/\/[^\s-]\S*$/i.test(address)) return `curl -fsSL -o ${place} --url ${shellWord(address)}`;
  if (/^s3:\/\/[^\s-]\S*$/i.test(address)) return `aws s3 cp ${shellWord(address)} ${place} >&2`;
  if (/^gs:\/\/[^\s-]\S*$/i.test(address)) return `gcloud storage cp ${shellWord(address)} ${place} >&2`;
  if (/^file:\/\/\/[^\p{Cc}]+$/iu.test(address)) return `curl -fsS -o ${place} --url ${shellWord(address)}`;
  return null;
}
