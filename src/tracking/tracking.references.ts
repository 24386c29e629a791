import { referencesOf } from '../kernel/artifacts/artifact-references';

/** The artifacts that runs and logged models keep. Deleted ones keep theirs: they may come back. */
export const TRACKING_REFERENCES = [
  referencesOf('run_artifact'),
  referencesOf('run_setup_file'),
  referencesOf('logged_model_artifact'),
];
