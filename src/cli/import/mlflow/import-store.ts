import type { Experiments, SourceExperiment } from '../experiments';
import type { ImportSession } from '../import-session';
import type { RunPlace } from '../import-run';
import { MlflowRefusal } from '../mlflow-http';
import type { RunImport } from '../run-import';
import type { FoundRun, SourceRun } from '../source-run';
import { LoggedModels } from './logged-models';
import { mlflowRun, runKey } from './mlflow-run';
import type { MlflowExperiment, MlflowStore } from './mlflow-store';
import { Registry } from './registry';

/** Where a run is whose experiment is not told. */
const DEFAULT = 'Default';

export interface Wanted {
  /** Names of experiments; null: all. */
  readonly experiments: readonly string[] | null;
  readonly isWithDeleted: boolean;
  /** Stands before the names of registered models here. */
  readonly modelPrefix: string;
}

/**
 * Brings what a store of MLflow's holds: experiments with their runs and logged models, and then what is registered.
 */
export async function importStore(store: MlflowStore, session: ImportSession, wanted: Wanted): Promise<void> {
  const { tally, target, progress } = session;
  const all = await store.experiments();
  const chosen = chosenOf(all, wanted, session);
  const names = new Map(all.map(({ id, name }) => [id, name]));
  const sources = new Map<string, SourceExperiment>(all.map((experiment) => [experiment.name, experiment]));
  const experiments = session.experiments(sources);
  const models = new LoggedModels({ target, store, tally, onProgress: progress.tick });
  const found = (ref: Parameters<typeof mlflowRun>[0], experiment: string): FoundRun =>
    mlflowRun(ref, { store, experiment, tally, metricsOf: models.metricsOf });
  const runs = session.runs(experiments, {
    modelId: models.idOf,
    prepare: async ({ id, inputModels }: SourceRun, place: RunPlace) => {
      await models.ofRun(id, place);
      models.usedBy(place.runId, inputModels);
    },
    find: async (id) => {
      const ref = await store.run(id);
      if (!ref || (ref.isDeleted && !wanted.isWithDeleted)) return null;
      return found(ref, names.get((await ref.load()).experimentId) ?? DEFAULT);
    },
  });
  for (const experiment of chosen) {
    if (session.stop.aborted) return;
    const experimentId = await placeFor(experiment.name, experiments, session);
    if (experimentId === undefined) continue;
    await models.begin(experiment.id, experimentId);
    for await (const page of store.runs(experiment.id)) {
      const some = wantedOf(page, wanted, session);
      progress.expectMore(some.length);
      await runs.all(some.map((ref) => found(ref, experiment.name)));
      if (session.stop.aborted) return;
    }
    await models.end(experimentId, (sourceId) => runs.placeOf(runKey(sourceId))?.runId ?? null);
  }
  await new Registry({
    ...{ target, tally, modelIdOf: models.idOf, isPart: wanted.experiments !== null },
    prefix: wanted.modelPrefix,
    runIdOf: (sourceId) => runIdHere(runs, session, sourceId),
  }).all(await store.registeredModels());
  await runs.finish();
  await experiments.finish();
}

function chosenOf(
  all: readonly MlflowExperiment[],
  { experiments, isWithDeleted }: Wanted,
  { tally }: ImportSession,
): readonly MlflowExperiment[] {
  for (const name of experiments ?? [])
    if (!all.some((experiment) => experiment.name === name))
      tally.fail('experiments', 'The source has none of this name.', name);
  const named = all.filter(({ name }) => experiments?.includes(name) ?? true);
  const deleted = named.filter(({ isDeleted }) => isDeleted && !isWithDeleted);
  for (const { name } of deleted) tally.leaveOut('experiments', DELETED, name);
  return named.filter((experiment) => !deleted.includes(experiment));
}

const DELETED = 'They are deleted in the source: --deleted brings them.';

function wantedOf<Ref extends { readonly isDeleted: boolean; readonly name: string }>(
  page: readonly Ref[],
  { isWithDeleted }: Wanted,
  { tally }: ImportSession,
): readonly Ref[] {
  const deleted = page.filter(({ isDeleted }) => isDeleted && !isWithDeleted);
  for (const { name } of deleted) tally.leaveOut('runs', DELETED, name);
  return page.filter((ref) => !deleted.includes(ref));
}

/** The experiment here; null where nothing is written, undefined where it cannot be had: then that is counted. */
async function placeFor(
  name: string,
  experiments: Experiments,
  { target, tally }: ImportSession,
): Promise<string | null | undefined> {
  if (!target) {
    experiments.count(name);
    return null;
  }
  try {
    return await experiments.idOf(name);
  } catch (error) {
    if (!(error instanceof MlflowRefusal)) throw error;
    tally.fail('experiments', error.message, name);
    return undefined;
  }
}

/** Of a run that came at this start or at an earlier one; null where it has not come. */
async function runIdHere(
  runs: RunImport,
  { target }: ImportSession,
  sourceId: string,
): Promise<string | null> {
  const key = runKey(sourceId);
  const placed = runs.placeOf(key)?.runId;
  return placed ?? (await target?.knownRuns([key]))?.get(key)?.id ?? null;
}
