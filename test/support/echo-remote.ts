import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Datatype } from '../../src/kernel/tensors/tensor';

const LENGTH = 'inference-header-content-length';

/**
 * A V2 server over HTTP that answers `x` as another output, as bytes, whatever they are: one that speaks datatypes
 * which no runtime here does. Its model `x` takes [N, width] of the datatype that it was made for.
 */
export class EchoRemote {
  /** Numbers in a row of its model. */
  width = 2;
  /** What it does before it answers a question: a test may let it wait. */
  beforeAnswer = (): Promise<void> => Promise.resolve();
  /** What it answers to the bytes of a question, and to its parameters: those bytes. Null: the connection breaks. */
  answerTo = (bytes: Buffer, _parameters: Readonly<Record<string, unknown>>): Buffer | null => bytes;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  /**
   * @param extensions what it says that it has
   * @param output what it calls its answer
   */
  constructor(
    private readonly datatype: Datatype,
    private readonly extensions: readonly string[] = ['binary_tensor_data'],
    private readonly output = 'y',
  ) {}

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tensor = (name: string) => ({ name, datatype: this.datatype, shape: [-1, this.width] });
    if (request.url === '/v2') return send(response, { extensions: this.extensions });
    if (request.method === 'GET')
      return send(response, { name: 'x', inputs: [tensor('x')], outputs: [tensor(this.output)] });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    await this.beforeAnswer();
    const jsonLength = Number(request.headers[LENGTH]);
    const { inputs, parameters: asked = {} } = JSON.parse(body.toString('utf8', 0, jsonLength)) as {
      inputs: { datatype: string; shape: number[] }[];
      parameters?: Record<string, unknown>;
    };
    const bytes = this.answerTo(body.subarray(jsonLength), asked);
    if (bytes === null) return void response.destroy();
    const parameters = { binary_data_size: bytes.length };
    const head = Buffer.from(JSON.stringify({ outputs: [{ ...inputs[0], name: this.output, parameters }] }));
    response.writeHead(200, { 'content-type': 'application/octet-stream', [LENGTH]: head.length });
    response.end(Buffer.concat([head, bytes]));
  }
}

function send(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
