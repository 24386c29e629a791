/** Where the files of a model's version are, in MLflow's words. */
export type VersionSource =
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'logged model'; readonly modelId: string; readonly path: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: string }
  /** Prompts have no files. */
  | { readonly kind: 'none' }
  | { readonly kind: 'elsewhere' };

const PROMPT_SOURCE = 'dummy-source';
const LOGGED = /^models:\/{1,3}(m-[0-9a-f]{32})(?:\/(.*))?$/s;
const VERSION = /^models:\/{1,3}([^/@]+)\/(\d+)$/;
const OF_RUN = /^runs:\/{1,3}([^/]+)\/(.*)$/s;
/** In the address of a store: `…/<run>/artifacts/<path>`, or `…/models/<model>/artifacts/<path>`. */
const IN_STORE = /\/([\w-]+)\/artifacts(?:\/(.*))?$/s;
const MODEL_ID = /^m-[0-9a-f]{32}$/;

/** What a source names: of addresses of any store the run or the model that they are of. */
export function versionSource(source: string): VersionSource {
  if (source === PROMPT_SOURCE) return { kind: 'none' };
  const [, logged, loggedPath = ''] = LOGGED.exec(source) ?? [];
  if (logged !== undefined) return { kind: 'logged model', modelId: logged, path: loggedPath };
  const [, name, version] = VERSION.exec(source) ?? [];
  if (name !== undefined && version !== undefined) return { kind: 'version', name, version };
  const [, run, runPath = ''] = OF_RUN.exec(source) ?? [];
  if (run !== undefined) return { kind: 'run', runId: run, path: runPath };
  const [, owner, path = ''] = IN_STORE.exec(source) ?? [];
  if (owner === undefined) return { kind: 'elsewhere' };
  return MODEL_ID.test(owner)
    ? { kind: 'logged model', modelId: owner, path }
    : { kind: 'run', runId: owner, path };
}
