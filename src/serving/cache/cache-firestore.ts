import { quietKeyv, type KeyvClient, type Store } from './cache-keyv';

/** What its adapter, `keyv-firestore`, shows of itself, and of its client, which it never ends. */
interface FirestoreStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  readonly _store: { terminate(): Promise<void> };
}
export type FirestoreClass = new (options: {
  readonly projectId: string;
  readonly collection: string;
}) => FirestoreStore;

/**
 * Its client must be ended, or it keeps its connections; and must be asked nothing afterwards: it then leaves the
 * caller waiting, and rejects a promise that nobody has, which ends the process.
 */
export function openFirestore(Store: FirestoreClass, projectId: string, collection: string): KeyvClient {
  const store = new Store({ projectId, collection });
  let isClosed = false;
  const whileOpen = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (isClosed) throw new Error('The client of Firestore is closed.');
    return work();
  };
  const find = store.get.bind(store);
  const put = store.set.bind(store);
  store.get = (key) => whileOpen(() => find(key));
  store.set = (key, value) => whileOpen(() => put(key, value));
  const close = () => {
    isClosed = true;
    return store._store.terminate();
  };
  return { keyv: quietKeyv(store as unknown as Store), close };
}
