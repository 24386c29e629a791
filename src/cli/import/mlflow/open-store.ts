import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../../client/access';
import { CommandFailed, UsageError } from '../../command';
import type { ImportSession } from '../import-session';
import { MlflowHttp } from '../mlflow-http';
import { DatabaseStore } from './database-store';
import { FolderStore } from './folder-store';
import type { MlflowStore } from './mlflow-store';
import { ServerStore } from './server-store';

/** What was named on the command line. */
export type StorePlace =
  | { readonly kind: 'server'; readonly url: string; readonly user: string; readonly password: string }
  | { readonly kind: 'database' | 'folder'; readonly path: string };

/** Reads an address as MLflow does: `http(s)://…`, `sqlite:///…`, `file:…`, or a path. Throws a UsageError. */
export function storePlace(uri: string): StorePlace {
  if (/^https?:/.test(uri)) {
    if (!URL.canParse(uri)) throw new UsageError(`“${uri}” is no address.`);
    const url = new URL(uri);
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    url.username = url.password = '';
    return { kind: 'server', url: url.href.replace(/\/+$/, ''), user, password };
  }
  const [, database] = /^sqlite:\/\/\/(.+)$/.exec(uri) ?? [];
  if (database !== undefined) return { kind: 'database', path: database };
  if (/^[a-z][\w+]*:/i.test(uri) && !uri.startsWith('file:'))
    throw new UsageError(
      `Expected http(s)://, sqlite:///, or a folder, got “${uri.replace(/\/\/[^@/]*@/, '//')}”. What another database keeps, MLflow’s server gives out: \`mlflow server --backend-store-uri …\`, and its address here.`,
    );
  const path = uri.startsWith('file:') ? pathOf(uri) : uri;
  const isFile = existsSync(path) && statSync(path).isFile();
  return { kind: isFile ? 'database' : 'folder', path };
}

function pathOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    return uri.slice('file:'.length);
  }
}

/** Where MLflow puts files beside its database, unless it is told otherwise. */
const USUAL_FOLDERS = ['mlruns', 'mlartifacts'];

/** @param artifacts the folder that the user names for files; undefined: where they usually are */
export function openStore(
  place: StorePlace,
  session: ImportSession,
  environment: Environment,
  artifacts: string | undefined,
): MlflowStore {
  const { tally, followsLinks, patienceMs, stop } = session;
  if (place.kind === 'server') {
    const headers = credentialOf(place, environment);
    return new ServerStore(place.url, new MlflowHttp({ url: place.url, headers, patienceMs, stop }), tally);
  }
  const named = artifacts === undefined ? [] : [resolve(artifacts)];
  if (place.kind === 'database') {
    const root = dirname(resolve(place.path));
    const folders = [...named, ...USUAL_FOLDERS.map((folder) => join(root, folder))];
    const store = new DatabaseStore(place.path, { tally, followsLinks, root, folders });
    if (store.isOfMlflow) return store;
    store.close();
    throw new CommandFailed(
      `${place.path} is no database of MLflow’s: it has no tables of experiments and runs.`,
    );
  }
  if (!existsSync(place.path)) throw new CommandFailed(`There is no folder ${place.path}.`);
  const inner = join(place.path, 'mlruns');
  const root = existsSync(inner) ? inner : place.path;
  return new FolderStore(root, {
    tally,
    followsLinks,
    root: resolve(root),
    folders: [...named, resolve(root)],
  });
}

/** What MLflow's own client takes, by the same variables. */
function credentialOf(
  { user, password }: Extract<StorePlace, { kind: 'server' }>,
  { MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD }: Environment,
): Record<string, string> {
  const name = user || MLFLOW_TRACKING_USERNAME;
  const word = password || MLFLOW_TRACKING_PASSWORD;
  if (name && word) return { authorization: `Basic ${Buffer.from(`${name}:${word}`).toString('base64')}` };
  return MLFLOW_TRACKING_TOKEN ? { authorization: `Bearer ${MLFLOW_TRACKING_TOKEN}` } : {};
}
