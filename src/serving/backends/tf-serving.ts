import { DTYPE_OF } from '../../kernel/tensors/tensorflow-dtype';
import type { Tensor } from '../../kernel/tensors/tensor';
import { isObject, jsonObject, type Json } from './bounded-json';
import { HttpCaller } from './http-call';
import { failureOfHttp } from './http-failure';
import { MAX_CONTROL_BYTES } from './open-inference-http';
import { RemoteFailure, remoteWords } from './remote-failure';
import type { SaidTensor } from '../execution/remote-document';
import type {
  CallLimits,
  RemoteInference,
  RemoteMetadata,
  RemoteModel,
  RemoteQuestion,
} from './remote-inference';
import { listIn, MAX_LISTED, textIn } from './remote-spec';
import { predictBody, readPredictAnswer } from './tf-serving-body';

/** Largest answer, in bytes: it is text, and what is read of it takes many times the memory. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

const DATATYPE_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(DTYPE_OF).map(([datatype, dtype]) => [dtype, datatype]),
);

/** What a document says beside the name of the model and its version. */
export interface TfServingOptions {
  /** In place of a version; null: none. */
  readonly label: string | null;
  readonly signature: string;
}

/** A client of TensorFlow Serving's REST API, for one signature. */
export class TfServing implements RemoteInference {
  private readonly http: HttpCaller;

  constructor(
    url: URL,
    token: string | null,
    private readonly options: TfServingOptions,
  ) {
    this.http = new HttpCaller(url, token);
  }

  /** There is no such question there: whether a model is ready says more. */
  serverReady(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async modelReady(model: RemoteModel, limits: CallLimits): Promise<boolean> {
    const json = await this.get(this.pathOf(model), limits);
    return listIn(json, 'model_version_status').some((one) => isObject(one) && one.state === 'AVAILABLE');
  }

  async modelMetadata(model: RemoteModel, limits: CallLimits): Promise<RemoteMetadata> {
    const json = await this.get(`${this.pathOf(model)}/metadata`, limits);
    const signatures = memberOf(memberOf(memberOf(json, 'metadata'), 'signature_def'), 'signature_def');
    const { signature } = this.options;
    const found = Object.hasOwn(signatures, signature) ? signatures[signature] : undefined;
    if (!isObject(found)) {
      const names = remoteWords(Object.keys(signatures).slice(0, MAX_LISTED).join(', '));
      throw new RemoteFailure(
        'not-found',
        `The remote’s model has no signature “${signature}”, but ${names}.`,
      );
    }
    return {
      versions: [textIn(memberOf(json, 'model_spec'), 'version')],
      platform: 'tensorflow',
      inputs: specsOf(memberOf(found, 'inputs')),
      outputs: specsOf(memberOf(found, 'outputs')),
    };
  }

  async infer({ model, inputs, declared }: RemoteQuestion, limits: CallLimits): Promise<readonly Tensor[]> {
    const answer = await this.http.call(
      {
        method: 'POST',
        path: `${this.pathOf(model)}:predict`,
        headers: { 'content-type': 'application/json' },
        body: [predictBody(this.options.signature, inputs)],
        maxBytes: MAX_JSON_BYTES,
      },
      limits,
    );
    const failure = failureOfHttp(answer);
    if (failure) throw failure;
    return readPredictAnswer(answer.body, declared);
  }

  close(): void {
    this.http.close();
  }

  private pathOf({ name, version }: RemoteModel): string {
    const { label } = this.options;
    const which =
      label !== null ? `/labels/${encodeURIComponent(label)}` : version === '' ? '' : `/versions/${version}`;
    return `/v1/models/${encodeURIComponent(name)}${which}`;
  }

  private async get(path: string, limits: CallLimits): Promise<Json> {
    const answer = await this.http.call({ method: 'GET', path, maxBytes: MAX_CONTROL_BYTES }, limits);
    const failure = failureOfHttp(answer);
    if (failure) throw failure;
    return jsonObject(answer.body, (text) => JSON.parse(text) as unknown);
  }
}

function memberOf(json: Json, name: string): Json {
  const member = Object.hasOwn(json, name) ? json[name] : undefined;
  if (isObject(member)) return member;
  throw new RemoteFailure('broken', `The remote’s answer has no object “${name}”.`);
}

/** Names as the signature has them, which requests use; sizes of 64 bits are texts in protobuf's JSON. */
function specsOf(tensors: Json): readonly SaidTensor[] {
  const entries = Object.entries(tensors);
  if (entries.length > MAX_LISTED)
    throw new RemoteFailure('broken', 'The remote’s metadata is longer than any model’s.');
  return entries.map(([name, tensor]) => {
    if (!isObject(tensor)) throw new RemoteFailure('broken', 'The remote’s tensors are no objects.');
    const shape = memberOf(tensor, 'tensor_shape');
    const dtype = textIn(tensor, 'dtype');
    if (shape.unknown_rank === true)
      throw new RemoteFailure(
        'failed',
        `“${name.slice(0, 100)}” does not say how many dimensions it has. Export the model with a shape for it; sizes may be left open.`,
      );
    const sizes = listIn(shape, 'dim').map((dim) => (isObject(dim) ? Number(dim.size) : NaN));
    return { name, datatype: DATATYPE_OF.get(dtype) ?? dtype, shape: sizes };
  });
}
