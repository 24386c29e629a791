import type { Actor } from '../../kernel/actor';
import type { Tracking } from '../../tracking/tracking';
import type { Json } from './answer-json';
import { listFolder } from './artifact-list';
import { checkArtifactPath } from './artifact-place';
import type { Calls } from './calls';
import type { ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { runOf } from './run-calls';
import { runUri } from './run-json';

/** The files of a run, as MLflow's pages list them: by their paths in the run. */
export function artifactCalls(tracking: Tracking, ids: ExperimentIds): Calls {
  const list = async (fields: Fields, actor: Actor): Promise<Json> => {
    const folder = fields.optionalText('path') ?? '';
    checkArtifactPath(folder);
    const run = await runOf(tracking, actor, fields);
    const [files = []] = await tracking.artifactsByRunIds(actor, [run.id]);
    const keys = await ids.keysOf(actor, [run.experimentId]);
    return {
      root_uri: runUri(keys.get(run.experimentId) ?? '', run),
      files: listFolder(files, folder, folder === '' ? '' : `${folder}/`),
    };
  };
  return { 'GET artifacts/list': list };
}
