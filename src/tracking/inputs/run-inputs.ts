import { authorize } from '../../auth/auth';
import type { Datasets, DatasetVersionId } from '../../datasets/datasets';
import type { Actor } from '../../kernel/actor';
import type { Database } from '../../kernel/database/database';
import {
  invalidInput,
  notFound,
  refuse,
  type InvalidArtifact,
  type InvalidInput,
  type NotFound,
  type Refusal,
} from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import { InputCheck, MAX_KEY_LENGTH, MAX_VALUE_LENGTH } from '../../kernel/input-check';
import type { Outbox } from '../../kernel/outbox';
import { refusableTransaction } from '../../kernel/database/refusable-transaction';
import { datasetNameOf, type DescribedDataset } from './described-dataset';
import type { ExperimentId, Run, RunId, RunInput } from '../run';
import { MAX_DATASETS_PER_RUN, MAX_FACTS_PER_CALL } from '../tracking-input';
import { notRunning } from '../run-refusal';
import { RunInputQueries, type ReadDataset } from './run-input.queries';
import { RunInputStore } from './run-input.store';
import type { RunNotActive } from '../tracking.errors';
import { datasetsRead } from '../tracking.events';
import { TrackingStore, type Takers } from '../tracking.store';

export interface LogInputsInput {
  readonly runId: string;
  readonly datasets: readonly DescribedDataset[];
}
type Result = Promise<
  { readonly ok: true; readonly run: Run } | Refusal<NotFound | InvalidInput | RunNotActive>
>;

/**
 * Longest name, digest, schema and profile, in characters; MLflow's limits, but for the profile, which has a body's.
 */
const MAX_DATASET_NAME_LENGTH = 500;
const MAX_DIGEST_LENGTH = 36;
const MAX_SCHEMA_LENGTH = 1_048_575;
/** Longest address of data, in characters; see the datasets' own. */
const MAX_ADDRESS_LENGTH = 2_048;

/** Data that runs read, told by their clients: each is a version of a dataset from then on. */
export class RunInputs {
  private readonly queries: RunInputQueries;
  private readonly store = new RunInputStore();
  private readonly runs = new TrackingStore();

  constructor(
    private readonly needs: {
      readonly database: Database;
      readonly outbox: Outbox;
      readonly datasets: Datasets;
    },
  ) {
    this.queries = new RunInputQueries(needs.database);
  }

  /** What a run has read already stays as it was told first. */
  async log(actor: Actor, { runId, datasets }: LogInputsInput, takers: Takers = 'RUNNING'): Result {
    authorize(actor, 'tracking:write');
    const invalid = checkDatasets(datasets);
    if (invalid) return refuse(invalid);
    const id = idOf('run', runId);
    if (id === null) return refuse(notFound('run', runId));
    const versionIds: DatasetVersionId[] = [];
    for (const dataset of datasets) {
      const registered = await this.needs.datasets.registerVersion(actor, versionOf(dataset));
      if (!registered.ok) return refuse(unregistered(registered.error));
      versionIds.push(registered.version.id);
    }
    return refusableTransaction(this.needs.database, async (tx): Result => {
      const run = await this.runs.holdTaker(tx, actor.projectId, id, takers);
      if (!run) return notRunning(tx, actor, runId);
      const { added, total } = await this.store.add(tx, run, datasets, versionIds);
      if (total > MAX_DATASETS_PER_RUN) return refuse(tooMany());
      if (added.length > 0) await this.needs.outbox.append(tx, datasetsRead(run, added));
      return { ok: true, run };
    });
  }

  async ofRuns(actor: Actor, ids: readonly RunId[]): Promise<(readonly RunInput[])[]> {
    authorize(actor, 'platform:read');
    return this.queries.ofRuns(actor.projectId, ids);
  }

  /** What runs of these experiments have read, each dataset once for each context. */
  async ofExperiments(
    actor: Actor,
    ids: readonly ExperimentId[],
    limit: number,
  ): Promise<readonly ReadDataset[]> {
    authorize(actor, 'platform:read');
    return this.queries.ofExperiments(actor.projectId, ids, limit);
  }
}

/** The same data by the same digest is the same version, whoever reads it. */
function versionOf({ name, digest, source }: DescribedDataset) {
  const fragment = encodeURIComponent(digest);
  const address = addressIn(source);
  const ofSource = address === null ? null : `${address.split('#')[0] ?? ''}#${fragment}`;
  const fits = ofSource !== null && ofSource.length <= MAX_ADDRESS_LENGTH;
  return {
    dataset: datasetNameOf(name),
    uri: fits ? ofSource : `dataset:${encodeURIComponent(name).slice(0, 1_000)}#${fragment}`,
  };
}

/** Clients write a source as JSON with an address in it, or as the address. */
function addressIn(source: string): string | null {
  const parsed = parseJson(source);
  const candidates = isRecord(parsed) ? [parsed.uri, parsed.url, parsed.path] : [source];
  const address = candidates.find((one) => typeof one === 'string' && URL.canParse(one));
  return typeof address === 'string' ? address : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function checkDatasets(datasets: readonly DescribedDataset[]): InvalidInput | null {
  const check = new InputCheck().count('datasets', datasets.length, MAX_DATASETS_PER_RUN);
  datasets.slice(0, MAX_DATASETS_PER_RUN).forEach((dataset, index) => {
    const path = `datasets[${index}]`;
    check.text(`${path}.name`, dataset.name, MAX_DATASET_NAME_LENGTH);
    check.optionalText(`${path}.digest`, dataset.digest, MAX_DIGEST_LENGTH);
    check.optionalText(`${path}.sourceType`, dataset.sourceType, MAX_KEY_LENGTH);
    check.optionalText(`${path}.source`, dataset.source, MAX_SCHEMA_LENGTH);
    check.optionalText(`${path}.schema`, dataset.schema, MAX_SCHEMA_LENGTH);
    check.optionalText(`${path}.profile`, dataset.profile, Infinity);
    check.count(`${path}.tags`, dataset.tags.length, MAX_FACTS_PER_CALL);
    dataset.tags.forEach(({ key, value }, at) => {
      check.text(`${path}.tags[${at}].key`, key, MAX_KEY_LENGTH);
      check.optionalText(`${path}.tags[${at}].value`, value, MAX_VALUE_LENGTH);
    });
  });
  return check.result();
}

const unregistered = (error: InvalidInput | InvalidArtifact): InvalidInput =>
  error.kind === 'InvalidInputError'
    ? error
    : invalidInput([{ path: 'datasets', expected: 'data that can be a version', actual: error.message }]);

const tooMany = (): InvalidInput =>
  invalidInput([
    { path: 'datasets', expected: `at most ${MAX_DATASETS_PER_RUN} datasets of one run`, actual: 'more' },
  ]);
