import { SOURCE_TAGS } from '../setup/source-tags';

/** Where a run keeps what a filter or a sort key calls one of its attributes. */
export type RunAttribute =
  | { readonly kind: 'text' | 'time' | 'id'; readonly column: string; readonly isOptional?: true }
  | { readonly kind: 'tag'; readonly key: string };

/** Tags by which MLflow's clients say who ran it and what is to be remembered of it. */
const USER_TAG = 'mlflow.user';
/** The tag that holds what a person has to say of a run or an experiment. */
export const NOTE_TAG = 'mlflow.note.content';

const NAME: RunAttribute = { kind: 'text', column: 'name' };
const STARTED: RunAttribute = { kind: 'time', column: 'started_at' };
const PARENT: RunAttribute = { kind: 'id', column: 'parent_run_id', isOptional: true };
const USER: RunAttribute = { kind: 'tag', key: USER_TAG };

/** A fact of the source, as SQL that stands behind the row's name. */
const ofSource = (fact: string): RunAttribute => ({
  kind: 'text',
  column: `source ->> '${fact}'`,
  isOptional: true,
});
/** The one by which an index finds runs. */
export const COMMIT_COLUMN = "source ->> 'commit'";

/** MLflow has several words for some. */
const ATTRIBUTES: ReadonlyMap<string, RunAttribute> = new Map<string, RunAttribute>([
  ['run_id', { kind: 'id', column: 'id' }],
  ['name', NAME],
  ['run_name', NAME],
  ['run name', NAME],
  ['status', { kind: 'text', column: 'status' }],
  ['start_time', STARTED],
  ['created', STARTED],
  ['end_time', { kind: 'time', column: 'ended_at', isOptional: true }],
  ['parent_run_id', PARENT],
  ['user_id', USER],
  ['user', USER],
  ['note', { kind: 'tag', key: NOTE_TAG }],
  ['commit', ofSource('commit')],
  ['branch', ofSource('branch')],
  ['repository', ofSource('repository')],
  ['entry_point', ofSource('entryPoint')],
  ['source_name', ofSource('entryPoint')],
  ['source_type', ofSource('type')],
]);

export const EXPECTED_NAMES = `one of: ${[...ATTRIBUTES.keys()].join(', ')}, metrics.…, params.…, tags.…`;

/** In any case: MLflow's own pages write “Created” and “Run name”. */
export const attributeOf = (name: string): RunAttribute | undefined => ATTRIBUTES.get(name.toLowerCase());

/** What MLflow's clients ask by tags, and a run has as its own. */
const TAG_ATTRIBUTES: ReadonlyMap<string, RunAttribute> = new Map([
  ['mlflow.runName', NAME],
  ['mlflow.parentRunId', PARENT],
  ...SOURCE_TAGS.map(({ key, fact }) => [key, ofSource(fact)] as const),
]);
export const attributeOfTag = (key: string): RunAttribute | undefined => TAG_ATTRIBUTES.get(key);
