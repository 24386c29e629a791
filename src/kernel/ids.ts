import { randomFillSync } from 'node:crypto';

declare const kind: unique symbol;
/** A UUID that can only be used as the id of one kind of row. */
export type Id<Kind extends string> = string & { readonly [kind]: Kind };

export type ProjectId = Id<'project'>;

/** Prefixes of the opaque node ids that clients see; each stands for one kind of stored thing. */
export const NODE_KINDS = [
  'experiment',
  'run',
  'logged_model',
  'dataset',
  'dataset_version',
  'model',
  'model_version',
  'endpoint',
  'webhook',
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

const POOL_BYTES = 10 * 400; // random bytes are drawn for 400 ids at a time: one system call, not 400
const pool = Buffer.alloc(POOL_BYTES);
let poolOffset = POOL_BYTES;

/** Many ids are made in one millisecond. */
let lastMs = -1;
let lastTime = '';

function timeText(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** A UUID of version 7 (RFC 9562): sorts by its time of creation, to the millisecond. */
export function newId<Kind extends string>(nowMs: number = Date.now()): Id<Kind> {
  if (poolOffset === POOL_BYTES) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = timeText(nowMs);
  }
  const random = pool.toString('hex', poolOffset, poolOffset + 10);
  poolOffset += 10;
  const variant = '89ab'[parseInt(random[3] ?? '0', 16) & 3];
  return `${lastTime}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(8, 20)}` as Id<Kind>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);

/** The opaque id that clients see: they may keep and compare it, never take it apart. */
export function encodeNodeId(nodeKind: NodeKind, id: string): string {
  return Buffer.from(`${nodeKind}:${id}`).toString('base64url');
}

/** Null where the text is not one of our ids, so that a wrong id reads as “not found”. */
export function decodeNodeId(nodeId: string): { readonly kind: NodeKind; readonly id: string } | null {
  if (nodeId.length > 100) return null;
  const [prefix, id] = Buffer.from(nodeId, 'base64url').toString().split(':');
  const nodeKind = NODE_KINDS.find((known) => known === prefix);
  return nodeKind !== undefined && id !== undefined && UUID.test(id) ? { kind: nodeKind, id } : null;
}

/** The row id inside a node id of the expected kind, else null. */
export function idOf<Kind extends NodeKind>(nodeKind: Kind, nodeId: string): Id<Kind> | null {
  const decoded = decodeNodeId(nodeId);
  return decoded?.kind === nodeKind ? (decoded.id as Id<Kind>) : null;
}
