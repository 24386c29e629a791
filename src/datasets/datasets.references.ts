import { referencesOf } from '../kernel/artifacts/artifact-references';

/** The artifacts that dataset versions keep; a split is a version, too. */
export const DATASETS_REFERENCES = [referencesOf('dataset_version')];
