import { named, parsedArguments } from '../arguments';
import type { Command, ExitCode, Terminal } from '../command';
import { IMPORT_HELP, IMPORT_OPTIONS, ImportSession } from '../import/import-session';
import { importStore } from '../import/mlflow/import-store';
import { openStore, storePlace } from '../import/mlflow/open-store';
import { ACCESS_HELP } from '../server-access';

const HELP = `modelgraph import mlflow: brings what MLflow has kept.

Usage: modelgraph import mlflow <uri> [options]

  uri                http(s)://… of a tracking server, sqlite:///mlflow.db, or a folder mlruns
  --experiment NAME  this one only; as often as there are
  --deleted          what is deleted in the source too; it is deleted here afterwards
  --artifacts DIR    where the files of sqlite:/// are, if not in mlruns or mlartifacts beside it
  --model-prefix TEXT       stands before the names of registered models here
${IMPORT_HELP}

Experiments, runs with their params, tags, points, datasets and files, logged models, registered models with their
versions, stages and aliases. MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, sign in
at the tracking server. A database that MLflow's server writes just now is read by the server's address.

The server
${ACCESS_HELP}
`;

export const importMlflow: Command = {
  name: 'import mlflow',
  summary: 'brings what MLflow has kept: from its server, its folder or its database',
  help: HELP,
  run: start,
};

async function start(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { values, positionals } = parsedArguments('import mlflow', args, {
    ...IMPORT_OPTIONS,
    experiment: { type: 'string', multiple: true },
    deleted: { type: 'boolean' },
    ...{ artifacts: { type: 'string' }, 'model-prefix': { type: 'string' } },
  });
  const [uri] = named('import mlflow', positionals, 'uri');
  const place = storePlace(uri);
  const session = new ImportSession(place.kind === 'server' ? place.url : place.path, values, terminal);
  const store = openStore(place, session, terminal.environment, values.artifacts);
  const wanted = {
    experiments: values.experiment ?? null,
    isWithDeleted: values.deleted ?? false,
    modelPrefix: values['model-prefix'] ?? '',
  };
  try {
    return await session.run(() => importStore(store, session, wanted));
  } finally {
    store.close();
  }
}
