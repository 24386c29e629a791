import { createHmac, timingSafeEqual } from 'node:crypto';
import { newId } from '../../kernel/ids';
import type { ModelVersionId } from '../../registry/registry';
import type { EndpointId } from '../endpoints/endpoint';
import type { PredictionId } from '../predictions/prediction';

/** Who has answered a prediction: what feedback is credited to. */
export interface PredictionSource {
  readonly endpointId: EndpointId;
  readonly variant: string;
  readonly versionId: ModelVersionId;
  /** Whether a rule or the caller has decided, and no chance: such callers are no sample of all. */
  readonly byRule: boolean;
}

/** What the id of a prediction says of it. */
export interface ReadPredictionId {
  /** The part that is no other prediction's. */
  readonly uuid: string;
  readonly predictedAt: Date;
  readonly source: PredictionSource;
}

/** Longest id that is looked at: its UUID, and a mark with a variant's longest name. */
const MAX_ID_LENGTH = 4_000;
const ID = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([\w-]+)$/;
/** The first byte of a mark: its format, and in the lowest bit whether anything but chance has decided. */
const FORMAT = 0x10;
const UUID_BYTES = 16;
const NAME_AT = 1 + 2 * UUID_BYTES;
/** 96 bits: nobody guesses them, and an id stays short. */
const TAG_BYTES = 12;

/**
 * The ids of one running variant's predictions: a UUID of version 7, and a mark that names endpoint, variant and
 * version and is signed with the project's key. The mark is signed once, so that an id costs what joining two texts
 * does; so a signature says that this source has been one of the project's, not that the prediction has been made.
 */
export class PredictionIds {
  private drawnMark: string | undefined;
  private ruledMark: string | undefined;

  constructor(
    private readonly secret: Buffer,
    private readonly source: Omit<PredictionSource, 'byRule'>,
  ) {}

  next(byRule: boolean): PredictionId {
    const mark = byRule
      ? (this.ruledMark ??= signedMark(this.secret, { ...this.source, byRule }))
      : (this.drawnMark ??= signedMark(this.secret, { ...this.source, byRule }));
    return `${newId()}.${mark}` as PredictionId;
  }
}

/** Null where the text is no id that the holder of the secret has made. */
export function readPredictionId(secret: Buffer, text: string): ReadPredictionId | null {
  const [, uuid, mark] = (text.length <= MAX_ID_LENGTH && ID.exec(text)) || [];
  if (uuid === undefined || mark === undefined) return null;
  const bytes = Buffer.from(mark, 'base64url');
  const body = bytes.subarray(0, -TAG_BYTES);
  if (body.length < NAME_AT || !timingSafeEqual(tagOf(secret, body), bytes.subarray(-TAG_BYTES))) return null;
  return {
    uuid,
    predictedAt: new Date(parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)),
    source: sourceOf(body),
  };
}

function signedMark(secret: Buffer, { endpointId, variant, versionId, byRule }: PredictionSource): string {
  const body = Buffer.concat([
    Buffer.of(FORMAT | Number(byRule)),
    bytesOfUuid(endpointId),
    bytesOfUuid(versionId),
    Buffer.from(variant),
  ]);
  return Buffer.concat([body, tagOf(secret, body)]).toString('base64url');
}

/** @param body signed by us, so it is of our making; the first byte may be of a later format, with the same parts */
function sourceOf(body: Buffer): PredictionSource {
  return {
    endpointId: uuidOf(body.subarray(1, 1 + UUID_BYTES)) as EndpointId,
    versionId: uuidOf(body.subarray(1 + UUID_BYTES, NAME_AT)) as ModelVersionId,
    variant: body.subarray(NAME_AT).toString(),
    byRule: ((body[0] ?? 0) & 1) === 1,
  };
}

const tagOf = (secret: Buffer, body: Buffer): Buffer =>
  createHmac('sha256', secret).update(body).digest().subarray(0, TAG_BYTES);

const bytesOfUuid = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
