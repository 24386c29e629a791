import { Connection } from './connection';

/** A tracking server as its caller sees it: both servers are asked by the very same code. */
export interface TrackingTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One kept connection to MLflow's REST paths; one request at a time. */
export class MlflowCaller {
  private constructor(
    private readonly connection: Connection,
    private readonly head: string,
  ) {}

  static async open({ url, headers }: TrackingTarget): Promise<MlflowCaller> {
    const address = new URL(url);
    const all = { host: address.host, 'content-type': 'application/json', ...headers };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return new MlflowCaller(await Connection.open(address), head.join(''));
  }

  async get<Reply>(path: string): Promise<Reply> {
    return this.ask<Reply>(`GET ${path} HTTP/1.1\r\n${this.head}\r\n`, path);
  }

  /** @param path below `/api/2.0/mlflow/` */
  post<Reply>(path: string, body: object): Promise<Reply> {
    return this.ask<Reply>(this.postOf(path, body), path);
  }

  /** The status of what was answered, whatever that is. */
  async tryPost(path: string, body: object): Promise<number> {
    return (await this.connection.ask(Buffer.from(this.postOf(path, body)))).status;
  }

  close(): void {
    this.connection.close();
  }

  private postOf(path: string, body: object): string {
    const text = JSON.stringify(body);
    return `POST /api/2.0/mlflow/${path} HTTP/1.1\r\n${this.head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  }

  private async ask<Reply>(request: string, path: string): Promise<Reply> {
    const { status, body } = await this.connection.ask(Buffer.from(request));
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body.toString().slice(0, 500)}`);
    return JSON.parse(body.toString()) as Reply;
  }
}

/** As many callers as connections are asked for, closed afterwards. */
export async function withCallers<Result>(
  target: TrackingTarget,
  connections: number,
  work: (callers: readonly MlflowCaller[]) => Promise<Result>,
): Promise<Result> {
  const callers = await Promise.all(Array.from({ length: connections }, () => MlflowCaller.open(target)));
  try {
    return await work(callers);
  } finally {
    for (const caller of callers) caller.close();
  }
}

export const withCaller = <Result>(
  target: TrackingTarget,
  work: (caller: MlflowCaller) => Promise<Result>,
): Promise<Result> => withCallers(target, 1, (callers) => withFirst(callers, work));

export function withFirst<Result>(
  [caller]: readonly MlflowCaller[],
  work: (caller: MlflowCaller) => Promise<Result>,
): Promise<Result> {
  if (!caller) throw new Error('There is no connection.');
  return work(caller);
}
