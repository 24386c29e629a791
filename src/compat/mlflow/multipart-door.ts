import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { MAX_PARTS, type ArtifactUploads, type PartSender } from '../../kernel/artifacts/artifact-uploads';
import { SAFE_HEADERS } from '../../kernel/http/http-answer';
import type { NodeExchange, PublicRoute } from '../../kernel/http/http-exchange';
import type { Tracking } from '../../tracking/tracking';
import { answerMlflow, type Json } from './answer-json';
import { filesOf } from './artifact-owner';
import { artifactPlaceOf, checkArtifactPath, type ArtifactPlace } from './artifact-place';
import type { Fields } from './fields';
import {
  answerMlflowError,
  invalidParameter,
  MlflowError,
  refuseUpload,
  unlessRefused,
} from './mlflow-error';
import { publicAddressOf } from './own-address';
import { readFields } from './request-fields';

export interface MultipartNeeds {
  readonly tracking: Tracking;
  readonly uploads: ArtifactUploads;
  /** Where clients reach this server; null: as each of them says. */
  readonly publicUrl: string | null;
}

/** Parts are sent below it, by addresses that `create` gives. */
export const PARTS_PATH = '/api/2.0/mlflow-artifacts/mpu/parts';

const CALLS = ['create', 'complete', 'abort'] as const;
const PART = /^parts\/([^/]+)\/(\d{1,6})$/;

/**
 * Files in parts: `create` gives an address for each part, to which clients send its bytes and nothing else, no
 * credential either; so the address has a token of its own, which is good for the parts of this file alone.
 */
export class MultipartDoor {
  constructor(private readonly needs: MultipartNeeds) {}

  /** @param path what stands behind `mpu/`, as it came; the caller answers what is thrown */
  async answer(exchange: NodeExchange, actor: Actor, path: string): Promise<void> {
    const { request, response } = exchange;
    authorize(actor, 'artifact:write');
    const part = PART.exec(path);
    if (part && request.method === 'PUT')
      return putPart(this.needs, exchange, { projectId: actor.projectId }, part);
    const call = CALLS.find((name) => path.startsWith(`${name}/`));
    if (!call || request.method !== 'POST')
      throw new MlflowError('ENDPOINT_NOT_FOUND', 'There is nothing at this address.');
    const folder = artifactPlaceOf(path.slice(call.length + 1));
    const fields = await readFields(request, '');
    const place = fileIn(folder, fields.text('path'));
    answerMlflow(response, await this[call](exchange, actor, place, fields));
  }

  private async create(
    { request }: NodeExchange,
    actor: Actor,
    place: ArtifactPlace,
    fields: Fields,
  ): Promise<Json> {
    const partCount = fields.count('num_parts', { max: MAX_PARTS, absent: 1 });
    await filesOf(this.needs.tracking, actor, place); // nobody sends gigabytes to a run that is not there
    const asked = { place: placeText(place), partCount };
    const { id, token } = unlessRefused(await this.needs.uploads.open(actor.projectId, asked));
    const root = `${publicAddressOf(request, this.needs.publicUrl)}${PARTS_PATH}/${id}`;
    const credentials = Array.from({ length: partCount }, (_, index) => ({
      url: `${root}/${index + 1}?token=${token}`,
      part_number: index + 1,
      headers: {},
    }));
    return { upload_id: id, credentials };
  }

  private async complete(_: NodeExchange, actor: Actor, place: ArtifactPlace, fields: Fields): Promise<Json> {
    const sent = fields.list('parts').map((part) => ({
      number: part.count('part_number', { max: MAX_PARTS, absent: null }),
      sha256: part.text('etag').replaceAll('"', ''),
    }));
    const files = await filesOf(this.needs.tracking, actor, place);
    const asked = { id: fields.text('upload_id'), place: placeText(place), sent };
    const joined = await this.needs.uploads.join(actor.projectId, asked).catch(refuseUpload);
    await files.put(place.path, unlessRefused(joined).artifact.sha256);
    return {};
  }

  private async abort(_: NodeExchange, actor: Actor, place: ArtifactPlace, fields: Fields): Promise<Json> {
    const asked = { id: fields.text('upload_id'), place: placeText(place) };
    unlessRefused(await this.needs.uploads.abort(actor.projectId, asked));
    return {};
  }
}

/** Parts that come without a credential, by an address with a token. */
export function signedPartRoute(needs: MultipartNeeds): PublicRoute {
  return async (exchange) => {
    const { request, response, path, search } = exchange;
    try {
      const part = PART.exec(path.slice(PARTS_PATH.length - 'parts'.length));
      const token = new URLSearchParams(search).get('token') ?? '';
      if (!part || request.method !== 'PUT')
        throw new MlflowError(
          'ENDPOINT_NOT_FOUND',
          'Parts are sent with PUT, to the addresses that were given.',
        );
      await putPart(needs, exchange, { token }, part);
    } catch (error) {
      if (error instanceof MlflowError) answerMlflowError(response, error);
      else throw error;
    } finally {
      request.resume(); // a refused part is read to its end, so that the client hears why
    }
  };
}

async function putPart(
  { uploads }: MultipartNeeds,
  { request, response }: NodeExchange,
  sender: PartSender,
  [, id = '', number = '']: RegExpExecArray,
): Promise<void> {
  const kept = await uploads.putPart(sender, id, Number(number), request).catch(refuseUpload);
  const etag = `"${unlessRefused(kept).sha256}"`;
  response.writeHead(200, { ...SAFE_HEADERS, etag, 'content-length': 0 });
  response.end();
}

/** Clients name a file by its path on their machine, of which only the name is of interest. */
function fileIn(folder: ArtifactPlace, localPath: string): ArtifactPlace {
  const name = localPath.split(/[/\\]/).at(-1) ?? '';
  if (name === '') throw invalidParameter('Invalid path: a file needs a name.');
  const path = folder.path === '' ? name : `${folder.path}/${name}`;
  checkArtifactPath(path);
  return { ...folder, path };
}

const placeText = ({ owner, key, path }: ArtifactPlace): string => JSON.stringify([owner, key, path]);
