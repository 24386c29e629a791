import { resolve } from 'node:path';
import { digestOf } from '../import-key';
import { integerIn, keyValuesIn, numberIn, optionalTextIn, textIn, type JsonObject } from '../json-fields';
import type { SourceDataset, SourceFile, SourcePoint } from '../source-run';
import { filesAt, filesMark, type ArtifactPlaces } from './artifact-folder';
import {
  DELETED_FOR_GOOD,
  MODEL_STATUSES,
  NO_PLACE,
  type FileOwner,
  type MlflowExperiment,
  type MlflowLoggedModel,
  type MlflowModel,
  type MlflowRun,
  type MlflowRunRef,
  type MlflowStore,
  type MlflowVersion,
  type ModelMetric,
} from './mlflow-store';
import { SqliteFile, type Value } from './sqlite-file';

/** Runs given at a time. */
const RUNS = 500;
/** Points given at a time. */
const POINTS = 5_000;

/**
 * MLflow's database of SQLite's. Its points are read a series at a time; infinities are the largest doubles in it, and
 * -0 is 0: so MLflow writes them.
 */
export class DatabaseStore implements MlflowStore {
  readonly place: string;
  private readonly file: SqliteFile;

  constructor(
    path: string,
    private readonly places: ArtifactPlaces,
  ) {
    this.place = `sqlite:///${resolve(path)}`;
    this.file = new SqliteFile(path);
  }

  /** Whether it is MLflow's. */
  get isOfMlflow(): boolean {
    return this.file.has('experiments') && this.file.has('runs') && this.file.has('metrics');
  }

  experiments(): Promise<readonly MlflowExperiment[]> {
    const rows = this.file.rows('experiments', 'SELECT * FROM experiments ORDER BY experiment_id');
    return Promise.resolve(
      rows.map((row) => {
        const id = textIn(row, 'experiment_id');
        return {
          id,
          name: textIn(row, 'name'),
          isDeleted: isDeleted(row),
          tags: this.pairs('experiment_tags', 'experiment_id', id),
        };
      }),
    );
  }

  async *runs(experimentId: string): AsyncGenerator<readonly MlflowRunRef[]> {
    this.tellTraces(experimentId);
    let after: readonly [Value, Value] = [-Infinity, ''];
    for (;;) {
      const rows = this.file.rows(
        'runs',
        `SELECT * FROM runs WHERE experiment_id = ? AND (coalesce(start_time, 0), run_uuid) > (?, ?)
         ORDER BY coalesce(start_time, 0), run_uuid LIMIT ${RUNS}`,
        [experimentId, ...after],
      );
      if (rows.length === 0) return;
      yield await Promise.all(rows.map((row) => this.ref(row)));
      // As it stands there: clients write times that are none, and columns of SQLite take any value.
      const last = rows.at(-1) as Readonly<Record<string, Value>>;
      after = [last.start_time ?? 0, last.run_uuid ?? ''];
    }
  }

  async run(runId: string): Promise<MlflowRunRef | null> {
    const [row] = this.file.rows('runs', 'SELECT * FROM runs WHERE run_uuid = ?', [runId]);
    return row ? this.ref(row) : null;
  }

  async *points({ id }: MlflowRun, key: string): AsyncGenerator<readonly SourcePoint[]> {
    const rows = this.file.rows(
      'metrics',
      `SELECT timestamp, step, value, is_nan FROM metrics WHERE run_uuid = ? AND key = ?
       ORDER BY timestamp, step, value`,
      [id, key],
    );
    for (let at = 0; at < rows.length; at += POINTS)
      yield await Promise.resolve(
        rows.slice(at, at + POINTS).map((row) => ({ key, ...measured(row, 'value') })),
      );
  }

  loggedModels(experimentId: string): Promise<readonly MlflowLoggedModel[]> {
    const rows = this.file.rows(
      'logged_models',
      'SELECT * FROM logged_models WHERE experiment_id = ? ORDER BY creation_timestamp_ms, model_id',
      [experimentId],
    );
    const [deleted, kept] = [rows.filter(isDeleted), rows.filter((row) => !isDeleted(row))];
    for (const row of deleted)
      this.places.tally.leaveOut('logged models', DELETED_FOR_GOOD, textIn(row, 'model_id'));
    return Promise.resolve(kept.map((row) => this.loggedModel(experimentId, row)));
  }

  registeredModels(): Promise<readonly MlflowModel[]> {
    const rows = this.file.rows(
      'registered_models',
      'SELECT * FROM registered_models ORDER BY creation_time, name',
    );
    return Promise.resolve(
      rows.map((row) => {
        const name = textIn(row, 'name');
        const aliases = this.file.rows(
          'registered_model_aliases',
          'SELECT alias, version FROM registered_model_aliases WHERE name = ? ORDER BY alias',
          [name],
        );
        return {
          ...{
            name,
            description: textIn(row, 'description'),
            createdAtMs: numberIn(row, 'creation_time') ?? 0,
          },
          tags: this.pairs('registered_model_tags', 'name', name),
          aliases: aliases.map((alias) => ({
            alias: textIn(alias, 'alias'),
            version: textIn(alias, 'version'),
          })),
          versions: this.versions(name),
        };
      }),
    );
  }

  files = (owner: FileOwner): AsyncIterable<SourceFile> => filesAt(this.places, owner);

  close = (): void => this.file.close();

  private tellTraces(experimentId: string): void {
    const [row] = this.file.rows(
      'trace_info',
      'SELECT count(*) AS traces FROM trace_info WHERE experiment_id = ?',
      [experimentId],
    );
    const count = row ? (numberIn(row, 'traces') ?? 0) : 0;
    if (count > 0) this.places.tally.leaveOut('traces', NO_PLACE, `experiment ${experimentId}`, count);
  }

  private async ref(row: JsonObject): Promise<MlflowRunRef> {
    const id = textIn(row, 'run_uuid');
    const experimentId = textIn(row, 'experiment_id');
    const owner = { kind: 'run', id, experimentId, artifactUri: textIn(row, 'artifact_uri') } as const;
    const latest = this.file.rows(
      'latest_metrics',
      'SELECT * FROM latest_metrics WHERE run_uuid = ? ORDER BY key',
      [id],
    );
    const counts = this.file.rows(
      'metrics',
      'SELECT key, count(*) AS points FROM metrics WHERE run_uuid = ? GROUP BY key ORDER BY key',
      [id],
    );
    const facts = [
      row,
      latest,
      counts,
      this.pairs('params', 'run_uuid', id),
      this.pairs('tags', 'run_uuid', id),
    ];
    return {
      id,
      name: textIn(row, 'name') || id,
      isDeleted: isDeleted(row),
      mark: digestOf(jsonText(facts), await filesMark(this.places, owner)),
      load: () =>
        Promise.resolve(
          this.load(
            id,
            row,
            counts.map((count) => textIn(count, 'key')),
          ),
        ),
    };
  }

  private load(id: string, row: JsonObject, metricKeys: readonly string[]): MlflowRun {
    const models = this.file.rows(
      'inputs',
      "SELECT source_id, destination_id FROM inputs WHERE source_type = 'RUN_INPUT' AND source_id = ?",
      [id],
    );
    return {
      ...{ id, metricKeys, experimentId: textIn(row, 'experiment_id') },
      ...{ name: textIn(row, 'name'), userId: textIn(row, 'user_id'), status: textIn(row, 'status') },
      ...{ startedAtMs: numberIn(row, 'start_time') ?? 0, endedAtMs: numberIn(row, 'end_time') },
      artifactUri: textIn(row, 'artifact_uri'),
      params: this.pairs('params', 'run_uuid', id),
      tags: this.pairs('tags', 'run_uuid', id),
      datasets: this.datasets(id),
      inputModels: models.map((model) => textIn(model, 'destination_id')),
    };
  }

  private datasets(runId: string): readonly SourceDataset[] {
    const rows = this.file.rows(
      'inputs',
      `SELECT d.*, i.input_uuid FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
       WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ?
       ORDER BY d.name, d.digest`,
      [runId],
    );
    return rows.map((row) => {
      const tags = this.file.rows(
        'input_tags',
        'SELECT name AS key, value FROM input_tags WHERE input_uuid = ?',
        [textIn(row, 'input_uuid')],
      );
      return {
        tags: keyValuesIn({ tags }, 'tags'),
        dataset: {
          ...{ name: textIn(row, 'name'), digest: textIn(row, 'digest') },
          ...{ source_type: textIn(row, 'dataset_source_type'), source: textIn(row, 'dataset_source') },
          schema: optionalTextIn(row, 'dataset_schema') ?? undefined,
          profile: optionalTextIn(row, 'dataset_profile') ?? undefined,
        },
      };
    });
  }

  private loggedModel(experimentId: string, row: JsonObject): MlflowLoggedModel {
    const id = textIn(row, 'model_id');
    const part = (what: 'param' | 'tag') =>
      this.file.rows(
        `logged_model_${what}s`,
        `SELECT ${what}_key AS key, ${what}_value AS value FROM logged_model_${what}s WHERE model_id = ? ORDER BY 1`,
        [id],
      );
    const metrics = this.file.rows(
      'logged_model_metrics',
      'SELECT * FROM logged_model_metrics WHERE model_id = ? ORDER BY metric_timestamp_ms, metric_step',
      [id],
    );
    const [output] = this.file.rows(
      'inputs',
      "SELECT * FROM inputs WHERE destination_type = 'MODEL_OUTPUT' AND destination_id = ?",
      [id],
    );
    return {
      ...{ id, experimentId, name: textIn(row, 'name'), modelType: textIn(row, 'model_type') },
      sourceRunId: textIn(row, 'source_run_id'),
      status: MODEL_STATUSES[numberIn(row, 'status') ?? 0] ?? '',
      artifactUri: textIn(row, 'artifact_location'),
      params: keyValuesIn({ rows: part('param') }, 'rows'),
      tags: keyValuesIn({ rows: part('tag') }, 'rows'),
      metrics: metrics.map(modelMetric),
      step: (output && integerIn(output, 'step')) ?? 0,
    };
  }

  private versions(name: string): readonly MlflowVersion[] {
    const rows = this.file.rows(
      'model_versions',
      'SELECT * FROM model_versions WHERE name = ? ORDER BY version',
      [name],
    );
    return rows
      .filter((row) => textIn(row, 'current_stage') !== 'Deleted_Internal')
      .map((row) => {
        const version = textIn(row, 'version');
        const tags = this.file.rows(
          'model_version_tags',
          'SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? ORDER BY key',
          [name, version],
        );
        return {
          ...{ version, description: textIn(row, 'description'), source: textIn(row, 'source') },
          ...{ runId: textIn(row, 'run_id'), runLink: textIn(row, 'run_link') },
          ...{ stage: textIn(row, 'current_stage') || 'None', tags: keyValuesIn({ tags }, 'tags') },
        };
      });
  }

  /** @param table and column are ours, and no text of others */
  private pairs(table: string, column: string, id: string) {
    const rows = this.file.rows(table, `SELECT key, value FROM ${table} WHERE ${column} = ? ORDER BY key`, [
      id,
    ]);
    return keyValuesIn({ rows }, 'rows');
  }
}

const isDeleted = (row: JsonObject): boolean => textIn(row, 'lifecycle_stage') === 'deleted';

function modelMetric(row: JsonObject): ModelMetric {
  const renamed = { timestamp: row.metric_timestamp_ms, step: row.metric_step, value: row.metric_value };
  return {
    ...{ key: textIn(row, 'metric_name'), runId: textIn(row, 'run_id'), ...measured(renamed, 'value') },
    datasetName: optionalTextIn(row, 'dataset_name'),
    datasetDigest: optionalTextIn(row, 'dataset_digest'),
  };
}

const measured = (row: JsonObject, value: string) => ({
  timestampMs: Number(row.timestamp ?? 0),
  step: integerIn(row, 'step') ?? 0,
  value: row.is_nan === 1 ? NaN : Number(row[value] ?? NaN),
});

const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
