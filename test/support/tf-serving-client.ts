import type { TestServer } from './test-server';

interface TfServingAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** Asks as TensorFlow Serving's clients do. */
export class TfServingClient {
  constructor(private readonly server: TestServer) {}

  async call(path: string, init: RequestInit = {}): Promise<TfServingAnswer> {
    const { url, headers } = this.server;
    const response = await fetch(`${url}/v1/models${path}`, { headers, ...init });
    return { status: response.status, json: await response.json() };
  }

  /** @param body bytes or text as they are, anything else as JSON */
  post(
    path: string,
    body: string | Buffer | object,
    headers: Record<string, string> = {},
  ): Promise<TfServingAnswer> {
    return this.call(path, {
      method: 'POST',
      headers: { ...this.server.headers, ...headers },
      body: typeof body === 'string' || body instanceof Buffer ? Buffer.from(body) : JSON.stringify(body),
    });
  }
}

export const answered = (json: unknown) => ({ status: 200, json });

export const refused = (status: number, sentence: string | RegExp) => ({
  status,
  json: { error: expect.stringMatching(sentence) },
});
