import { encodeNodeId } from '../../kernel/ids';
import type { DescribedDataset, Tracking } from '../../tracking/tracking';
import { listOrNothing } from './answer-json';
import type { Calls } from './calls';
import { experimentKey, type ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { keyValues } from './key-values';
import { linksOf } from './logged-model-calls';
import { unlessRefused } from './mlflow-error';
import { runOf } from './run-calls';

/** Datasets of one answer, as MLflow has it. */
const MAX_SUMMARIES = 1_000;

/** What runs read: datasets in their clients' words, and models that others have logged. */
export function datasetCalls(tracking: Tracking, ids: ExperimentIds): Calls {
  return {
    'POST runs/log-inputs': async (fields, actor) => {
      const run = await runOf(tracking, actor, fields);
      const runId = encodeNodeId('run', run.id);
      const datasets = fields.list('datasets').map(datasetOf);
      const links = linksOf(fields.list('models'), 'INPUT');
      if (datasets.length > 0) unlessRefused(await tracking.inputs.log(actor, { runId, datasets }, 'ALL'));
      if (links.length > 0) unlessRefused(await tracking.loggedModels.link(actor, runId, links));
      return {};
    },
    'POST experiments/search-datasets': async (fields, actor) => {
      const experiments = await ids.experiments(actor, fields.texts('experiment_ids'));
      const keys = new Map(experiments.map((experiment) => [experiment.id, experimentKey(experiment)]));
      const found = await tracking.inputs.ofExperiments(actor, [...keys.keys()], MAX_SUMMARIES);
      const summaries = found.map(({ experimentId, name, digest, context }) => ({
        experiment_id: keys.get(experimentId),
        name,
        digest,
        context: context === '' ? undefined : context,
      }));
      return { dataset_summaries: listOrNothing(summaries) };
    },
  };
}

function datasetOf(fields: Fields): DescribedDataset {
  const dataset = fields.part('dataset');
  return {
    name: dataset.text('name'),
    digest: dataset.anyText('digest') ?? '',
    sourceType: dataset.anyText('source_type') ?? '',
    source: dataset.anyText('source') ?? '',
    schema: dataset.optionalText('schema'),
    profile: dataset.optionalText('profile'),
    tags: keyValues(fields.list('tags')),
  };
}
