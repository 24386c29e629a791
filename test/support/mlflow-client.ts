import type { ApiClient } from './api-client';

/** What a call is answered: a status, and the JSON that came with it. */
export interface MlflowAnswer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error_code?: string; readonly message?: string };
}
export interface MlflowRun {
  readonly info: Record<string, unknown> & { readonly run_id: string; readonly artifact_uri: string };
  readonly data: {
    readonly metrics?: readonly object[];
    readonly params?: readonly object[];
    readonly tags?: readonly { readonly key: string; readonly value: string }[];
  };
  readonly inputs: object;
  readonly outputs: object;
}

/** MLflow's REST API as its clients call it. */
export class MlflowClient {
  constructor(
    private readonly server: ApiClient,
    private readonly root = '/api/2.0/mlflow',
  ) {}

  async call(method: string, path: string, fields: object = {}): Promise<MlflowAnswer> {
    const isRead = method === 'GET';
    const query = isRead ? `?${queryOf(fields)}` : '';
    return this.raw(method, `${this.root}/${path}${query}`, isRead ? undefined : JSON.stringify(fields));
  }

  /** Sends a body as it is. */
  async raw(method: string, path: string, body?: string | Uint8Array): Promise<MlflowAnswer> {
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: { ...this.server.headers, 'content-type': 'application/json' },
      ...(body !== undefined && { body: Buffer.from(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as MlflowAnswer['body']) };
  }

  /** As `call`, for calls that must work: gives what was answered. */
  async must<Body = MlflowAnswer['body']>(method: string, path: string, fields: object = {}): Promise<Body> {
    const { status, body } = await this.call(method, path, fields);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body as Body;
  }

  async experiment(name: string): Promise<string> {
    return (await this.must<{ experiment_id: string }>('POST', 'experiments/create', { name })).experiment_id;
  }

  async run(experimentId: string, fields: object = {}): Promise<MlflowRun> {
    const asked = { experiment_id: experimentId, start_time: 1_700_000_000_000, ...fields };
    return (await this.must<{ run: MlflowRun }>('POST', 'runs/create', asked)).run;
  }

  async read(runId: string): Promise<MlflowRun> {
    return (await this.must<{ run: MlflowRun }>('GET', 'runs/get', { run_id: runId })).run;
  }
}

function queryOf(fields: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query.toString();
}
