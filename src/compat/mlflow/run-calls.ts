import type { Actor } from '../../kernel/actor';
import { encodeNodeId, idOf } from '../../kernel/ids';
import { listCursorLength } from '../../kernel/database/column-search';
import { tagsOfSource, type KeyValue, type Run, type Tracking } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';
import type { Calls } from './calls';
import type { ExperimentIds } from './experiment-ids';
import type { Fields } from './fields';
import { keyValues } from './key-values';
import { doesNotExist, invalidParameter, unlessRefused } from './mlflow-error';
import { readPage, viewOf } from './search-fields';
import { NAME_TAG, PARENT_TAG, USER_TAG, type RunJson } from './run-json';

/** Runs of one page, as MLflow has it. */
const MAX_RUNS = 50_000;

const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;

/** What a call names a run by; nobody has looked whether it is there. */
export const runKeyOf = (fields: Fields): string => fields.eitherText('run_id', 'run_uuid');

/** The run that a call names. Throws where there is none. */
export async function runOf(tracking: Tracking, actor: Actor, fields: Fields): Promise<Run> {
  const key = runKeyOf(fields);
  const run = await findRun(tracking, actor, key);
  if (!run) throw doesNotExist(`Run with id=${key} not found`);
  return run;
}

/** Null where there is none. */
export async function findRun(tracking: Tracking, actor: Actor, key: string): Promise<Run | null> {
  const id = idOf('run', key);
  return id === null ? null : ((await tracking.runsByIds(actor, [id]))[0] ?? null);
}

/** Runs, as MLflow's clients start, end, rename, tag, delete and restore them. */
export function runCalls(tracking: Tracking, ids: ExperimentIds, json: RunJson): Calls {
  const create = async (fields: Fields, actor: Actor): Promise<Json> => {
    const experiment = ids.ofNewRun(fields.text('experiment_id'));
    const tags = keyValues(fields.list('tags'));
    const name = nameOf(fields.optionalText('run_name'), tags);
    const parentKey = tagOf(tags, PARENT_TAG);
    const parent = parentKey === null ? null : await findRun(tracking, actor, parentKey);
    const isPart = parent !== null && parent.deletedAt === null;
    const user = fields.optionalText('user_id');
    const begun = {
      experiment,
      name,
      startedAt: fields.optionalTime('start_time'),
      tags: [
        ...tags.filter(({ key }) => key !== NAME_TAG && !(isPart && key === PARENT_TAG)),
        ...(user !== null && tagOf(tags, USER_TAG) === null ? [{ key: USER_TAG, value: user }] : []),
      ],
    };
    const { run, made } = unlessRefused(await tracking.startRun(actor, begun, isPart ? parent : null));
    return { run: made ? json.made(run, made) : await json.one(actor, run) };
  };

  const update = async (fields: Fields, actor: Actor): Promise<Json> => {
    const runId = runKeyOf(fields);
    const status = fields.word('status', STATUSES);
    const name = fields.optionalText('run_name');
    const endedAt = fields.optionalTime('end_time');
    let changed: Run | null = null;
    if (name !== null) changed = unlessRefused(await tracking.updateRun(actor, { runId, name })).run;
    if (status !== null)
      changed = unlessRefused(await tracking.finishRun(actor, { runId, status, endedAt }, 'ANY')).run;
    return { run_info: await json.info(actor, changed ?? (await runOf(tracking, actor, fields))) };
  };

  const search = async (fields: Fields, actor: Actor): Promise<Json> => {
    const orderBy = fields.texts('order_by');
    const page = readPage(fields, { max: MAX_RUNS, keys: listCursorLength(orderBy) });
    const asked = { filter: fields.optionalText('filter'), orderBy, view: viewOf(fields, 'run_view_type') };
    const experiments = await ids.experiments(actor, fields.texts('experiment_ids'));
    const experimentIds = experiments.map(({ id }) => id);
    const found = await tracking.runsOfExperiments(actor, experimentIds, asked, page);
    return {
      runs: listOrNothing(await json.many(actor, found.nodes)),
      next_page_token: found.hasNextPage ? (found.endCursor ?? undefined) : undefined,
    };
  };

  return {
    'POST runs/create': create,
    'POST runs/search': search,
    'GET runs/get': async (fields, actor) => ({
      run: await json.one(actor, await runOf(tracking, actor, fields)),
    }),
    'POST runs/update': update,
    'POST runs/delete': async (fields, actor) => {
      const { id } = await runOf(tracking, actor, fields);
      unlessRefused(await tracking.deleteRuns(actor, [encodeNodeId('run', id)]));
      return {};
    },
    'POST runs/restore': async (fields, actor) => {
      const { id } = await runOf(tracking, actor, fields);
      unlessRefused(await tracking.restoreRuns(actor, [encodeNodeId('run', id)]));
      return {};
    },
    'POST runs/set-tag': async (fields, actor) => {
      const change = { runId: runKeyOf(fields), ...changeOf(keyValues([fields])) };
      unlessRefused(await tracking.updateRun(actor, change, 'ANY'));
      return {};
    },
    'POST runs/delete-tag': async (fields, actor) => {
      const run = await runOf(tracking, actor, fields);
      const key = fields.text('key');
      const [tags = []] = await tracking.tagsByRunIds(actor, [run.id]);
      if (![...tags, ...tagsOfSource(run.source)].some((tag) => tag.key === key))
        throw doesNotExist(`No tag with name: ${key} in run with id ${run.id}`);
      unlessRefused(
        await tracking.updateRun(actor, { runId: encodeNodeId('run', run.id), removeTags: [key] }, 'ANY'),
      );
      return {};
    },
  };
}

/** The tag that names a run does; the others are tags. */
export function changeOf(tags: readonly KeyValue[]): {
  readonly name: string | null;
  readonly tags: readonly KeyValue[];
} {
  return { name: tagOf(tags, NAME_TAG), tags: tags.filter(({ key }) => key !== NAME_TAG) };
}

const tagOf = (tags: readonly KeyValue[], key: string): string | null =>
  tags.find((tag) => tag.key === key)?.value ?? null;

/** Clients give a name as a field, as a tag, or as both, which then are the same. */
function nameOf(field: string | null, tags: readonly KeyValue[]): string | null {
  const tag = tagOf(tags, NAME_TAG);
  if (field !== null && tag !== null && field !== tag)
    throw invalidParameter(
      `Both 'run_name' argument and '${NAME_TAG}' tag are specified, but with different values.`,
    );
  return field ?? tag;
}
