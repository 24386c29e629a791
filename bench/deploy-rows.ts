import { deploy } from './deploy';
import { FEATURE_NAMES, INPUT_NAME, modelFile } from './model';
import type { ModelgraphServer } from './modelgraph-server';
import { ROWS_ENDPOINT } from './row-targets';

/** The small model, which is asked for one row of 30 numbers. */
export const deployRows = (server: ModelgraphServer, settings: object = {}): Promise<void> =>
  deploy(server, {
    name: ROWS_ENDPOINT,
    model: modelFile(),
    columns: { input: INPUT_NAME, names: FEATURE_NAMES },
    settings,
  });
