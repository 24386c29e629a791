import type { Actor } from '../../kernel/actor';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import { encodeNodeId } from '../../kernel/ids';
import type { ModelVersion, Registry, Signature } from '../../registry/registry';
import type { KeyValue, Run, Tracking } from '../../tracking/tracking';
import type { Fields } from './fields';
import { doesNotExist, invalidParameter, refused } from './mlflow-error';
import { modelOf, tagsIn } from './model-fields';
import { onnxPathIn } from './model-file';
import { copiedRef, type ModelSource, type ModelSources } from './model-source';
import { loggedModelKey } from './logged-model-key';
import { findRun } from './run-calls';
import { runKey } from './run-json';

/** Prompts are kept as registered models whose versions have tags and no files. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';
const PROMPT_SOURCE = 'dummy-source';
/** Metrics of one version: what a report has. */
const MAX_METRICS = 500;

/** What every way to register says of a version. */
interface Facts {
  readonly model: string;
  readonly description: string | null;
  readonly tags: readonly KeyValue[];
  readonly alwaysNew: true;
}

/** How a source becomes a version of a registered model. */
export class ModelRegistration {
  constructor(
    private readonly needs: {
      readonly registry: Registry;
      readonly tracking: Tracking;
      readonly artifacts: Artifacts;
      readonly sources: ModelSources;
    },
  ) {}

  async register(actor: Actor, fields: Fields): Promise<ModelVersion> {
    const source = fields.text('source');
    const tags = tagsIn(fields);
    const { name: model } = await modelOf(this.needs.registry, actor, fields);
    const facts: Facts = { model, description: fields.optionalText('description'), tags, alwaysNew: true };
    const link = fields.optionalText('run_link') ?? '';
    if (source === PROMPT_SOURCE && tags.some(({ key, value }) => key === PROMPT_TAG && value === 'true'))
      return this.registered(
        this.needs.registry.registerFiles(actor, {
          ...{ ...facts, files: [], origin: { uri: source, place: source, link } },
        }),
      );
    const run = await this.namedRun(actor, fields);
    const copied = copiedRef(source);
    if (copied !== null) return this.copy(actor, copied, { facts, uri: source, link, run });
    const found = await this.needs.sources.find(actor, source);
    checkNamed(fields, found, run);
    return this.add(actor, found, { facts, uri: source, link, run: run ?? found.run });
  }

  private async namedRun(actor: Actor, fields: Fields): Promise<Run | null> {
    const key = fields.optionalText('run_id');
    if (key === null) return null;
    const run = await findRun(this.needs.tracking, actor, key);
    if (!run) throw doesNotExist(`Run with id=${key} not found`);
    return run;
  }

  /** An ONNX file is tried and becomes a version that can be served; anything else is kept as it is. */
  private async add(actor: Actor, found: ModelSource, given: Given): Promise<ModelVersion> {
    const { registry, artifacts } = this.needs;
    const { place, files } = found;
    const more = {
      ...given.facts,
      files,
      runId: given.run && encodeNodeId('run', given.run.id),
      metrics: await this.metricsOf(actor, found, given.run),
      origin: { uri: given.uri, place, link: given.link },
    };
    const onnxPath = await onnxPathIn(files, artifacts);
    if (onnxPath === null) return this.registered(registry.registerFiles(actor, more));
    const file = files.find(({ path }) => path === onnxPath);
    if (!file)
      throw invalidParameter(`The MLmodel file names '${onnxPath}', which is not among the model's files.`);
    return this.registered(registry.registerVersion(actor, { ...more, sha256: file.sha256 }));
  }

  private async copy(actor: Actor, ref: string, given: Given): Promise<ModelVersion> {
    const { registry } = this.needs;
    const original = await registry.versionByRef(actor, ref);
    if (!original) throw doesNotExist(`Model Version ${ref} not found`);
    const [[files = []], [metrics = []]] = await Promise.all([
      registry.filesOfVersions(actor, [original.id]),
      registry.metricsOfVersions(actor, [original.id]),
    ]);
    const { signature, sha256, runId } = original;
    const run = given.run?.id ?? runId;
    const place = original.origin?.place ?? `modelgraph:/artifacts/sha256/${sha256}`;
    const more = {
      ...given.facts,
      files,
      runId: run && encodeNodeId('run', run),
      metrics: metrics.map(({ key, value, datasetRef }) => ({ key, value, dataset: datasetRef })),
      origin: { uri: given.uri, place, link: given.link },
    };
    if (original.format === 'OPAQUE') return this.registered(registry.registerFiles(actor, more));
    const names = { labels: signature.labels, columns: namedColumns(signature) };
    return this.registered(registry.registerVersion(actor, { ...more, ...names, sha256 }));
  }

  /**
   * What gates judge by: what was measured of the logged model, or else of the run, on no data set in particular. Each
   * key once, as it was measured last.
   */
  private async metricsOf(actor: Actor, { loggedModel }: ModelSource, run: Run | null) {
    const { tracking } = this.needs;
    const [ofModel = []] = loggedModel
      ? await tracking.loggedModels.metricsByIds(actor, [loggedModel.id])
      : [];
    const general = ofModel.filter(({ datasetName }) => datasetName === null);
    const inOrder = [...general].sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime());
    const last = new Map(inOrder.map(({ key, value }) => [key, value]));
    if (last.size === 0 && run) {
      const [summaries = []] = await tracking.metricSummariesByRunIds(actor, [run.id]);
      for (const summary of summaries)
        if (summary.datasetVersionId === null) last.set(summary.key, summary.last);
    }
    return [...last].slice(0, MAX_METRICS).map(([key, value]) => ({ key, value }));
  }

  private async registered(result: ReturnType<Registry['registerVersion']>): Promise<ModelVersion> {
    const registered = await result;
    if (registered.ok) return registered.version;
    const { error } = registered;
    throw error.code === 'EXTERNAL_DATA'
      ? invalidParameter(`${error.message} With MLflow: log_model(…, save_as_external_data=False).`)
      : refused(error);
  }
}

interface Given {
  readonly facts: Facts;
  readonly uri: string;
  readonly link: string;
  readonly run: Run | null;
}

/** What a client says beside a source says the same as the source. */
function checkNamed(fields: Fields, { loggedModel, run }: ModelSource, named: Run | null): void {
  const modelId = fields.optionalText('model_id');
  if (modelId !== null && (!loggedModel || loggedModelKey(loggedModel.id) !== modelId))
    throw invalidParameter(`The source is not of the logged model '${modelId}', which 'model_id' names.`);
  if (!loggedModel && run && named && named.id !== run.id)
    throw invalidParameter(
      `The source is of the run ${runKey(run.id)}, and 'run_id' names ${runKey(named.id)}.`,
    );
}

/** Names that were given for the columns of one tensor. */
function namedColumns({ columns }: Signature) {
  const inputs = [...new Set(columns.filter(({ index }) => index !== null).map(({ input }) => input))];
  return inputs.map((input) => ({
    input,
    names: columns
      .filter((column) => column.input === input)
      .sort((a, b) => (a.index ?? 0) - (b.index ?? 0))
      .map(({ name }) => name),
  }));
}
