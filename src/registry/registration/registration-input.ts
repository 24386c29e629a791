import type { InvalidInput } from '../../kernel/errors';
import { parseSha256 } from '../../kernel/artifacts/artifacts';
import { InputCheck, MAX_KEY_LENGTH, MAX_NAME_LENGTH, MAX_PROSE_LENGTH } from '../../kernel/input-check';
import type { NamedColumns } from '../contract/columns';
import type { KeyValue } from '../../tracking/tracking';
import { checkFiles } from './file-list';
import type { CodeSource, VersionFile, VersionOrigin } from '../versions/model-version';
import { checkTags } from '../tags';

/** Most metrics of one version: what a report has, not a training curve; that belongs to the run. */
const MAX_METRICS = 500;
/** Most dataset versions that one version names. */
const MAX_DATASETS = 100;
/** Most classes with a name: more than the largest label set in common use (21,841). */
const MAX_LABELS = 50_000;
/** Most named columns of one input: a row is one JSON object. */
const MAX_COLUMNS = 10_000;
/** Most inputs of a model whose columns have names. */
const MAX_NAMED_INPUTS = 1_000;
/** Longest label or dataset reference, in characters. */
const MAX_TEXT_LENGTH = 2 * MAX_NAME_LENGTH;
/** Longest part of a source, in characters: a URL. */
const MAX_SOURCE_LENGTH = 2_000;

interface MetricInput {
  readonly key: string;
  readonly value: number;
  /** Reference of the dataset version that it was measured on. */
  readonly dataset?: string | null;
}

export interface RegistrationInput {
  readonly model: string;
  readonly sha256: string;
  /** The opaque id that clients see. */
  readonly runId?: string | null;
  readonly metrics?: readonly MetricInput[] | null;
  readonly columns?: readonly NamedColumns[] | null;
  readonly labels?: readonly string[] | null;
  readonly source?: Partial<CodeSource> | null;
  /** References of the dataset versions that it was made from. */
  readonly datasets?: readonly string[] | null;
  readonly description?: string | null;
  readonly idempotencyKey?: string | null;
  /** Files that the model was logged with, its own among them. */
  readonly files?: readonly VersionFile[] | null;
  readonly origin?: VersionOrigin | null;
  readonly tags?: readonly KeyValue[] | null;
  /** As other registries have it: the model is there already, and known bytes are a new version all the same. */
  readonly alwaysNew?: boolean;
}

/** Files that nobody opens: which model they are is for those who fetch them. */
export interface FilesRegistrationInput extends Omit<RegistrationInput, 'sha256' | 'columns' | 'labels'> {
  readonly files: readonly VersionFile[];
}

/** What is wrong with the input by itself, before anything is looked up. */
export function checkRegistration(input: RegistrationInput): InvalidInput | null {
  const check = new InputCheck().name('model', input.model);
  if (parseSha256(input.sha256) === null) {
    check.add('artifact.sha256', '64 lower-case hexadecimal digits', `${input.sha256.length} characters`);
  }
  checkFacts(check, input);
  checkColumns(check, input.columns ?? []);
  checkLabels(check, input.labels ?? null);
  return check.result();
}

/** As `checkRegistration`, for files that are kept as they are. */
export function checkFilesRegistration(input: FilesRegistrationInput): InvalidInput | null {
  const check = new InputCheck().name('model', input.model);
  checkFacts(check, input);
  return check.result();
}

function checkFacts(check: InputCheck, input: Omit<RegistrationInput, 'sha256'>): void {
  checkMetrics(check, input.metrics ?? []);
  checkFiles(check, input.files ?? []);
  checkTags(check, input.tags);
  check.count('datasets', input.datasets?.length ?? 0, MAX_DATASETS);
  check.optionalText('description', input.description, MAX_PROSE_LENGTH);
  for (const key of ['repository', 'commit', 'entryPoint'] as const) {
    check.optionalText(`source.${key}`, input.source?.[key], MAX_SOURCE_LENGTH);
  }
  if (typeof input.idempotencyKey === 'string')
    check.text('idempotencyKey', input.idempotencyKey, MAX_NAME_LENGTH);
}

function checkMetrics(check: InputCheck, metrics: readonly MetricInput[]): void {
  check.count('metrics', metrics.length, MAX_METRICS);
  const seen = new Set<string>();
  for (const [i, { key, dataset }] of metrics.slice(0, MAX_METRICS).entries()) {
    check.text(`metrics[${i}].key`, key, MAX_KEY_LENGTH);
    const pair = JSON.stringify([key, dataset ?? null]);
    if (seen.has(pair)) check.add(`metrics[${i}]`, 'each metric once per dataset', `“${key}” again`);
    seen.add(pair);
  }
}

function checkColumns(check: InputCheck, columns: readonly NamedColumns[]): void {
  check.count('columns', columns.length, MAX_NAMED_INPUTS);
  for (const [i, { names }] of columns.entries())
    check.count(`columns[${i}].names`, names.length, MAX_COLUMNS);
}

function checkLabels(check: InputCheck, labels: readonly string[] | null): void {
  if (labels === null) return;
  if (labels.length === 0) check.add('labels', 'at least one label, or none given', 'an empty list');
  check.count('labels', labels.length, MAX_LABELS);
  const seen = new Set<string>();
  for (const [i, label] of labels.slice(0, MAX_LABELS).entries()) {
    check.text(`labels[${i}]`, label, MAX_TEXT_LENGTH);
    if (seen.has(label)) check.add(`labels[${i}]`, 'labels that differ', `“${label.slice(0, 50)}” again`);
    seen.add(label);
  }
}
