import type { ApiClient } from './api-client';

export interface V2Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** An answer of `/v2`, taken apart as the binary extension says. */
export interface V2Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: V2Json;
  /** What follows the JSON. */
  readonly bytes: Buffer;
}

/** The fields of all answers; which of them are there is what tests look at. */
export interface V2Json {
  readonly error?: string;
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly outputs?: readonly V2Tensor[];
  readonly model_stats?: readonly V2Statistics[];
}

interface Duration {
  readonly count: number;
  readonly ns: number;
}
type Computation = Readonly<Record<'compute_input' | 'compute_infer' | 'compute_output', Duration>>;

export interface V2Statistics {
  readonly name: string;
  readonly version: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Computation &
    Readonly<Record<'success' | 'fail' | 'queue' | 'cache_hit' | 'cache_miss', Duration>>;
  readonly response_stats: object;
  readonly memory_usage: readonly {
    readonly type: string;
    readonly id: number;
    readonly byte_size: number;
  }[];
  readonly batch_stats: readonly (Computation & { readonly batch_size: number })[];
}

type Headers = Response['headers'];
type Body = string | Uint8Array | object;

/** The Open Inference Protocol over HTTP, as a client of it speaks. */
export class OpenInferenceClient {
  constructor(private readonly server: ApiClient) {}

  get(path: string): Promise<V2Answer> {
    return this.call(path, {});
  }

  /** @param body bytes and text as they are, anything else as JSON */
  post(path: string, body: Body = '', headers: Record<string, string> = {}): Promise<V2Answer> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    return this.call(path, {
      method: 'POST',
      headers,
      body: Buffer.from(isRaw ? (body as string) : JSON.stringify(body)),
    });
  }

  infer(model: string, body: Body, headers: Record<string, string> = {}): Promise<V2Answer> {
    return this.post(`/models/${encodeURIComponent(model)}/infer`, body, headers);
  }

  /** JSON, and after it the bytes of tensors. */
  inferBinary(model: string, json: object, ...bytes: readonly Uint8Array[]): Promise<V2Answer> {
    const head = Buffer.from(JSON.stringify(json));
    const headers = { 'inference-header-content-length': String(head.length) };
    return this.infer(model, Buffer.concat([head, ...bytes]), headers);
  }

  private async call(path: string, init: RequestInit): Promise<V2Answer> {
    const headers = { ...this.server.headers, ...(init.headers as Record<string, string>) };
    const response = await fetch(`${this.server.url}/v2${path}`, { ...init, headers });
    const body = Buffer.from(await response.arrayBuffer());
    const length = response.headers.get('inference-header-content-length');
    const jsonLength = length === null ? body.length : Number(length);
    return {
      status: response.status,
      headers: response.headers,
      json: JSON.parse(body.toString('utf8', 0, jsonLength)) as V2Json,
      bytes: body.subarray(jsonLength),
    };
  }
}
