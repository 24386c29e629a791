import { extname } from 'node:path/posix';
import { authorize } from '../../auth/auth';
import type { Actor } from '../../kernel/actor';
import { answerArtifact } from '../../kernel/artifacts/artifact-answer';
import type { Artifacts } from '../../kernel/artifacts/artifacts';
import { answerJson, SAFE_HEADERS } from '../../kernel/http/http-answer';
import type { NodeExchange } from '../../kernel/http/http-exchange';
import { answerMlflow } from './answer-json';
import { filesOf } from './artifact-owner';
import { listFolder } from './artifact-list';
import { artifactPlaceIn, artifactPlaceOf, type ArtifactPlace } from './artifact-place';
import { answerMlflowError, doesNotExist, invalidParameter, MlflowError, refuseUpload } from './mlflow-error';
import { MultipartDoor, type MultipartNeeds } from './multipart-door';

const FILES = 'artifacts';
const PARTS = 'mpu/';

export interface ArtifactDoorNeeds extends MultipartNeeds {
  readonly artifacts: Artifacts;
}

/**
 * The bytes of files of runs and of logged models, by the addresses that MLflow's clients are told: streamed, and kept
 * by their content.
 */
export class ArtifactDoor {
  private readonly multipart: MultipartDoor;

  constructor(private readonly needs: ArtifactDoorNeeds) {
    this.multipart = new MultipartDoor(needs);
  }

  /** @param path what stands behind the door's own, as it came */
  async answer(exchange: NodeExchange, actor: Actor, path: string): Promise<void> {
    const { request, response } = exchange;
    try {
      if (path.startsWith(PARTS))
        return await this.multipart.answer(exchange, actor, path.slice(PARTS.length));
      if (path === FILES && request.method === 'GET') return await this.list(exchange, actor);
      if (!path.startsWith(`${FILES}/`))
        throw new MlflowError('ENDPOINT_NOT_FOUND', 'There is nothing at this address.');
      const place = artifactPlaceOf(path.slice(FILES.length + 1));
      if (request.method === 'PUT') return await this.put(exchange, actor, place);
      if (request.method === 'GET' || request.method === 'HEAD')
        return await this.send(exchange, actor, place);
      if (request.method === 'DELETE') return await this.remove(exchange, actor, place);
      response.setHeader('allow', 'GET, HEAD, PUT, DELETE');
      answerJson(response, 405, {
        error_code: 'BAD_REQUEST',
        message: 'Files are sent with PUT, read with GET.',
      });
    } catch (error) {
      if (error instanceof MlflowError) answerMlflowError(response, error);
      else throw error;
    } finally {
      request.resume(); // a refused upload is read to its end, so that the client hears why
    }
  }

  private async put({ request, response }: NodeExchange, actor: Actor, place: ArtifactPlace): Promise<void> {
    authorize(actor, 'artifact:write');
    if (place.path === '') throw invalidParameter('Invalid path: a file needs a name.');
    const files = await filesOf(this.needs.tracking, actor, place);
    const { sha256 } = await this.needs.artifacts.putUnnamed(actor.projectId, request).catch(refuseUpload);
    await files.put(place.path, sha256);
    response.writeHead(200, { ...SAFE_HEADERS, 'content-length': 0 });
    response.end();
  }

  private async list({ response, search }: NodeExchange, actor: Actor): Promise<void> {
    const place = artifactPlaceIn(new URLSearchParams(search).get('path') ?? '');
    const files = await filesOf(this.needs.tracking, actor, place);
    answerMlflow(response, { files: listFolder(await files.all(), place.path, '') });
  }

  private async send(exchange: NodeExchange, actor: Actor, place: ArtifactPlace): Promise<void> {
    const files = await filesOf(this.needs.tracking, actor, place);
    const file = (await files.all()).find(({ path }) => path === place.path);
    if (!file) throw doesNotExist(`There is no file '${place.path}' here.`);
    const isText = TEXTS.has(extname(file.path));
    const headers = {
      'content-type': isText ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-disposition': 'attachment',
    };
    await answerArtifact(exchange, this.needs.artifacts, file, headers, (message) =>
      answerJson(exchange.response, 416, { error_code: 'INVALID_PARAMETER_VALUE', message }),
    );
  }

  private async remove({ response }: NodeExchange, actor: Actor, place: ArtifactPlace): Promise<void> {
    if (place.path === '') throw invalidParameter('Invalid path: name the file or the folder that is to go.');
    const files = await filesOf(this.needs.tracking, actor, place);
    await files.remove(place.path);
    answerMlflow(response, {});
  }
}

/** What opens as text where a person looks at it. */
const TEXTS: ReadonlySet<string> = new Set(['.txt', '.json', '.yaml', '.yml', '.md', '.csv', '.log']);
