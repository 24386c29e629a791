import type { Tensor } from '../../kernel/tensors/tensor';
import { jsonObject, type Json } from './bounded-json';
import { HttpCaller, type HttpAnswer } from './http-call';
import { failureOfHttp } from './http-failure';
import { binaryBody, jsonBody, readInferAnswer, refuseOtherBytes } from './infer-body';
import { RemoteFailure } from './remote-failure';
import type {
  CallLimits,
  RemoteInference,
  RemoteMetadata,
  RemoteModel,
  RemoteQuestion,
} from './remote-inference';
import { listIn, specsIn, textIn } from './remote-spec';

/** Largest answer to an inference, in bytes: the same as of our own doors. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Largest answer in JSON, in bytes: what is read of it takes many times the memory. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Largest answer that is no inference, in bytes. */
export const MAX_CONTROL_BYTES = 1024 * 1024;

/** `bytes, and texts`: values as bytes, but BYTES only where they are texts. */
type Taken = 'bytes' | 'bytes, and texts' | 'JSON';

/** A client of the Open Inference Protocol's REST API, with values as bytes where the server takes them. */
export class OpenInferenceHttp implements RemoteInference {
  private readonly http: HttpCaller;
  /** What the server takes; asked once, and again where it did not say. */
  private taken: Taken | undefined;

  constructor(url: URL, token: string | null) {
    this.http = new HttpCaller(url, token);
  }

  async serverReady(limits: CallLimits): Promise<boolean> {
    return this.isReady('/v2/health/ready', limits);
  }

  async modelReady(model: RemoteModel, limits: CallLimits): Promise<boolean> {
    return this.isReady(`${pathOf(model)}/ready`, limits);
  }

  async modelMetadata(model: RemoteModel, limits: CallLimits): Promise<RemoteMetadata> {
    const json = await this.get(pathOf(model), limits);
    const versions = listIn(json, 'versions').map(String);
    const platform = textIn(json, 'platform');
    return { versions, platform, inputs: specsIn(json, 'inputs'), outputs: specsIn(json, 'outputs') };
  }

  async infer(question: RemoteQuestion, limits: CallLimits): Promise<readonly Tensor[]> {
    const taken = this.taken ?? (await this.askWhatIsTaken(limits));
    if (taken === 'bytes, and texts')
      for (const input of question.inputs) refuseOtherBytes(input, ONLY_TEXTS);
    const { headers, pieces } = taken === 'JSON' ? jsonBody(question) : binaryBody(question);
    const answer = await this.http.call(
      {
        method: 'POST',
        path: `${pathOf(question.model)}/infer`,
        headers,
        body: pieces,
        maxBytes: MAX_ANSWER_BYTES,
      },
      limits,
    );
    const failure = failureOfHttp(answer);
    if (failure) throw failure;
    if (isJson(answer) && answer.body.length > MAX_JSON_BYTES)
      throw new RemoteFailure('broken', `The remote’s answer has more than ${MAX_JSON_BYTES} bytes of JSON.`);
    return readInferAnswer(answer);
  }

  close(): void {
    this.http.close();
  }

  private async askWhatIsTaken(limits: CallLimits): Promise<Taken> {
    this.taken = takenBy(await this.get('/v2', limits));
    return this.taken;
  }

  /** The protocol says it by the status, whatever the body is. */
  private async isReady(path: string, limits: CallLimits): Promise<boolean> {
    const answer = await this.http.call({ method: 'GET', path, maxBytes: MAX_CONTROL_BYTES }, limits);
    const failure = failureOfHttp(answer);
    if (failure && ['broken', 'denied'].includes(failure.fault)) throw failure;
    return failure === null;
  }

  private async get(path: string, limits: CallLimits): Promise<Json> {
    const answer = await this.http.call({ method: 'GET', path, maxBytes: MAX_CONTROL_BYTES }, limits);
    const failure = failureOfHttp(answer);
    if (failure) throw failure;
    return jsonObject(answer.body, (text) => JSON.parse(text) as unknown);
  }
}

const ONLY_TEXTS = 'and KServe’s server takes UTF-8 only over HTTP. Ask it by grpc://.';

/**
 * KServe's own server has the extension since 0.14, and does not list it. It decodes all BYTES as UTF-8, whatever they
 * travel as, and answers 500 where they are none.
 */
function takenBy(server: Json): Taken {
  if (listIn(server, 'extensions').includes('binary_tensor_data')) return 'bytes';
  const [major = 0, minor = 0] = textIn(server, 'version').split('.').map(Number);
  const isKserve = textIn(server, 'name') === 'kserve' && (major > 0 || minor >= 14);
  return isKserve ? 'bytes, and texts' : 'JSON';
}

const pathOf = ({ name, version }: RemoteModel): string =>
  `/v2/models/${encodeURIComponent(name)}${version === '' ? '' : `/versions/${encodeURIComponent(version)}`}`;

const isJson = ({ headers, body }: HttpAnswer): boolean =>
  Number(headers['inference-header-content-length'] ?? body.length) === body.length;
