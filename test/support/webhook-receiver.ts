import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A delivery as its receiver sees it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: {
    readonly entity: string;
    readonly action: string;
    readonly timestamp: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

type Answer = (response: ServerResponse, received: Received) => void;

const took: Answer = (response) => response.writeHead(200).end('taken');

/** A server that webhooks are delivered to: a path for each webhook, and answers as a test wants them. */
export class WebhookReceiver {
  private readonly received: Received[] = [];
  private readonly answers = new Map<string, Answer[]>();
  private waiting: (() => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void text(request).then((raw) => {
        const path = request.url ?? '';
        const received = { path, headers: request.headers, raw, body: JSON.parse(raw) as Received['body'] };
        this.received.push(received);
        (this.answers.get(path)?.shift() ?? took)(response, received);
        for (const wake of this.waiting.splice(0)) wake();
      });
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebhookReceiver(server);
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  /** What the next deliveries to a path are answered; those after them are taken. */
  next(path: string, ...answers: Answer[]): void {
    this.answers.set(path, answers);
  }

  at(path: string): readonly Received[] {
    return this.received.filter((one) => one.path === path);
  }

  /** Waits until so many have come to a path. */
  async count(path: string, count: number): Promise<readonly Received[]> {
    while (this.at(path).length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.at(path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** As a receiver checks it, by MLflow's documentation. */
export function isSigned({ headers, raw }: Received, secret: string): boolean {
  const [id, time] = [headers['x-mlflow-delivery-id'], headers['x-mlflow-timestamp']].map(String);
  const expected = createHmac('sha256', secret).update(`${id}.${time}.${raw}`).digest('base64');
  return headers['x-mlflow-signature'] === `v1,${expected}`;
}
