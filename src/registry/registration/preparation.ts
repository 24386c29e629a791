import type { Actor } from '../../kernel/actor';
import type { Artifact } from '../../kernel/artifacts/artifact';
import { invalidArtifact, invalidInput, notFound, refuse } from '../../kernel/errors';
import type { InvalidArtifact, InvalidInput, NotFound, Refusal } from '../../kernel/errors';
import { idOf } from '../../kernel/ids';
import type { Datasets, DatasetVersion } from '../../datasets/datasets';
import type { Run, Tracking } from '../../tracking/tracking';
import { hasMissingValue, placeColumns } from '../contract/columns';
import { labelIssues } from '../contract/labels';
import type { ModelInspection, ModelInspector } from '../model-inspector';
import type { VersionFormat, VersionMetric } from '../versions/model-version';
import { NO_SIGNATURE, type ColumnPlace, type Signature } from '../contract/signature';
import type { RegistrationInput } from './registration-input';
import type { VersionRegistered } from '../registry.events';

/** Everything that a version is made of, looked up and proven, before anything is written. */
export interface PreparedVersion {
  readonly artifact: Artifact;
  readonly run: Run | null;
  readonly metrics: readonly VersionMetric[];
  readonly datasets: VersionRegistered['datasetVersionIds'];
  readonly signature: Signature;
  readonly format: VersionFormat;
}

/** What a file takes and gives, and what it is. */
type Contract = Pick<PreparedVersion, 'signature' | 'format'>;
const OPAQUE: Contract = { signature: NO_SIGNATURE, format: 'OPAQUE' };

type Outcome<Value> =
  { readonly ok: true; readonly value: Value } | Refusal<InvalidArtifact | InvalidInput | NotFound>;
const found = <Value>(value: Value): Outcome<Value> => ({ ok: true, value });

/** Looks up what a registration names, and has the file tried on a worker. Writes nothing. */
export class Preparation {
  constructor(
    private readonly needs: {
      readonly datasets: Datasets;
      readonly tracking: Tracking;
      readonly inspector: ModelInspector;
    },
  ) {}

  async prepare(
    actor: Actor,
    input: RegistrationInput,
    artifact: Artifact,
    { isOpaque }: { readonly isOpaque: boolean },
  ): Promise<Outcome<PreparedVersion>> {
    const run = await this.runOf(actor, input);
    if (!run.ok) return run;
    const data = await this.dataOf(actor, input);
    if (!data.ok) return data;
    const contract = isOpaque ? found(OPAQUE) : await this.contractOf(artifact, input);
    if (!contract.ok) return contract;
    const metrics = metricsOn(data.value, input);
    return found({
      artifact,
      run: run.value,
      metrics,
      datasets: rolesOf(data.value, metrics),
      ...contract.value,
    });
  }

  private async runOf(actor: Actor, { runId }: RegistrationInput): Promise<Outcome<Run | null>> {
    if (runId === null || runId === undefined) return found(null);
    const id = idOf('run', runId);
    const run = id && (await this.needs.tracking.runsByIds(actor, [id]))[0];
    return run ? found(run) : refuse(notFound('run', runId));
  }

  /** Every dataset version that the input names, by the reference it was named with. */
  private async dataOf(
    actor: Actor,
    input: RegistrationInput,
  ): Promise<Outcome<ReadonlyMap<string, DatasetVersion>>> {
    const named = [...(input.metrics ?? []).map(({ dataset }) => dataset), ...(input.datasets ?? [])];
    const refs = [...new Set(named.filter((ref) => typeof ref === 'string'))];
    const versions = refs.length > 0 ? await this.needs.datasets.versionsByRefs(actor, refs) : [];
    const missing = refs.find((_ref, i) => !versions[i]);
    if (missing !== undefined) return refuse(notFound('dataset version', missing));
    return found(new Map(refs.flatMap((ref, i) => (versions[i] ? [[ref, versions[i]]] : []))));
  }

  /** What the file takes and gives, read from the file itself on a worker. */
  private async contractOf(artifact: Artifact, input: RegistrationInput): Promise<Outcome<Contract>> {
    const inspection = await this.needs.inspector.inspect(artifact);
    if (!inspection.ok) return refuse(invalidArtifact(inspection.code, inspection.message));
    const unstorable = unstorableName(inspection);
    if (unstorable) return refuse(unstorable);
    const { inputs, outputs, batchable, format } = inspection;
    const places = placeColumns(inputs, input.columns ?? []);
    const labels = input.labels ?? null;
    const issues = [...(places.ok ? [] : places.issues), ...labelIssues(labels, outputs)];
    if (!places.ok || issues.length > 0) return refuse(invalidInput(issues));
    const nullable = await this.nullableOf(artifact, places.columns);
    const columns = places.columns.map((place) => ({ ...place, nullable: nullable.has(place.name) }));
    return found({ signature: { columns, inputs, outputs, batchable, labels }, format });
  }

  /** Names of the columns that may be missing; a datatype without a missing value is not asked about. */
  private async nullableOf(
    artifact: Artifact,
    columns: readonly ColumnPlace[],
  ): Promise<ReadonlySet<string>> {
    const asked = columns.filter(hasMissingValue);
    const answers = asked.length > 0 ? await this.needs.inspector.nullable(artifact, asked) : [];
    return new Set(asked.filter((_column, i) => answers[i] === true).map(({ name }) => name));
  }
}

function metricsOn(
  data: ReadonlyMap<string, DatasetVersion>,
  input: RegistrationInput,
): readonly VersionMetric[] {
  return (input.metrics ?? []).map(({ key, value, dataset }) => {
    const version = typeof dataset === 'string' ? data.get(dataset) : undefined;
    return { key, value, datasetVersionId: version?.id ?? null, datasetRef: version?.ref ?? null };
  });
}

/** Data that a metric was measured on was evaluated; other data that the version names was trained on. */
function rolesOf(
  data: ReadonlyMap<string, DatasetVersion>,
  metrics: readonly VersionMetric[],
): VersionRegistered['datasetVersionIds'] {
  const evaluated = new Set(metrics.map(({ datasetVersionId }) => datasetVersionId));
  const ids = [...new Set([...data.values()].map(({ id }) => id))];
  return ids.map((id) => ({ id, role: evaluated.has(id) ? 'evaluated' : 'trained' }));
}

/** PostgreSQL cannot store the character U+0000, and a file may name its tensors as it likes. */
function unstorableName({ inputs, outputs }: Extract<ModelInspection, { ok: true }>): InvalidArtifact | null {
  const bad = [...inputs, ...outputs].find(({ name }) => name.includes('\0') || !name.isWellFormed());
  return bad
    ? invalidArtifact(
        'UNUSABLE_NAME',
        'An input or output of the model has a name with the character U+0000 or a lone surrogate.',
      )
    : null;
}
