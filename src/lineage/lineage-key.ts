import type { DatasetVersionId } from '../datasets/datasets';
import type { Sha256 } from '../kernel/artifacts/artifact';
import type { ModelId, ModelVersionId } from '../registry/registry';
import type { EndpointId } from '../serving/serving';
import type { RunId } from '../tracking/tracking';

export const LINEAGE_KINDS = [
  'DATASET_VERSION',
  'RUN',
  'ARTIFACT',
  'MODEL_VERSION',
  'ALIAS',
  'ENDPOINT',
] as const;
export type LineageKind = (typeof LINEAGE_KINDS)[number];

declare const brand: unique symbol;
/** What a node stands for, unique in its project: its kind and the id of the thing. */
export type LineageKey = string & { readonly [brand]: 'lineage key' };

const key = (text: string) => text as LineageKey;
export const datasetVersionKey = (id: DatasetVersionId) => key(`dataset_version:${id}`);
export const runKey = (id: RunId) => key(`run:${id}`);
/** The same bytes are one node, whoever logged them and under whichever path. */
export const artifactKey = (sha256: Sha256) => key(`artifact:${sha256}`);
export const modelVersionKey = (id: ModelVersionId) => key(`model_version:${id}`);
/** By its name: what follows an alias knows it so, and an alias is never renamed. */
export const aliasKey = (modelId: ModelId, alias: string) => key(`alias:${modelId}/${alias}`);
export const endpointKey = (id: EndpointId) => key(`endpoint:${id}`);

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const KEY = new RegExp(
  `^((dataset_version|run|model_version|endpoint):${UUID}|artifact:[0-9a-f]{64}|alias:${UUID}/[A-Za-z0-9_-]{1,255})$`,
);
/** Longest text that is looked at: an alias of 255 characters, encoded. */
const MAX_ID_LENGTH = 500;

/** The opaque id that clients see. Where the thing is a node of its own right, it is that node's id. */
export const lineageId = (lineageKey: LineageKey): string => Buffer.from(lineageKey).toString('base64url');

/** Null where the text is no id of a thing that has a lineage. */
export function lineageKeyOf(id: string): LineageKey | null {
  if (id.length > MAX_ID_LENGTH) return null;
  const text = Buffer.from(id, 'base64url').toString();
  return KEY.test(text) ? key(text) : null;
}
