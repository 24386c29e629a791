import type { DatasetVersionId } from '../../datasets/datasets';
import type { LoggedModelId } from '../logged-model';

/**
 * What a series is about, besides its run: text that stands in its key. A kind, a colon and an id, so that other kinds
 * can come.
 */
export const WHOLE_RUN = '';

export const datasetSubject = (id: DatasetVersionId) => `dataset-version:${id}`;

/** All that the run measured of a logged model, or, behind a slash, what of it on one dataset version. */
export const modelSubject = (id: LoggedModelId, on: DatasetVersionId | null = null) =>
  on === null ? `${MODEL}${id}` : `${MODEL}${id}/${datasetSubject(on)}`;

const MODEL = 'logged-model:';

/** Whether a series is the run's own, the data that it was measured on named or not: no logged model's. */
export const isOfRunSql = (subject: string) => `NOT starts_with(${subject}, '${MODEL}')`;

/** Whether a series is of the model with that subject, on whatever data. */
export const isOfModelSql = (subject: string, model: string) =>
  `(${subject} = ${model} OR starts_with(${subject}, ${model} || '/'))`;
