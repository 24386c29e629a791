import { createSocket, type RemoteInfo } from 'node:dgram';

export interface SrvRecord {
  readonly target: string;
  readonly port: number;
}

const HEADER_BYTES = 12;
const SRV = 33;
const INTERNET = 1;
const NO_SUCH_NAME = 3;
/** Where the name that was asked begins: the answers point at it. */
const ASKED_NAME = 0xc000 | HEADER_BYTES;

/** A DNS server over UDP that knows SRV records, which the test may change at any time: they are good for 0 s. */
export class DnsServer {
  /** By the name that is asked, in small letters; one that is not here is unknown. */
  readonly records = new Map<string, readonly SrvRecord[]>();
  /** Questions so far. */
  asked = 0;
  private readonly socket = createSocket('udp4');

  async start(): Promise<this> {
    this.socket.on('message', (query, from) => this.answer(query, from));
    await new Promise<void>((resolve) => this.socket.bind(0, '127.0.0.1', resolve));
    return this;
  }

  /** `host:port`, as resolvers take it. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private answer(query: Buffer, { port, address }: RemoteInfo): void {
    this.asked += 1;
    const { name, end } = questionOf(query);
    const records = this.records.get(name.toLowerCase());
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2); // its number
    header.writeUInt16BE(0x8580 | (records ? 0 : NO_SUCH_NAME), 2); // an answer of who knows
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records?.length ?? 0, 6);
    const answers = (records ?? []).map(encode);
    this.socket.send(Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers]), port, address);
  }
}

function questionOf(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 + 4 }; // and its type and class
}

function encode({ target, port }: SrvRecord): Buffer {
  const labels = target
    .split('.')
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  const name = Buffer.concat([...labels, Buffer.of(0)]);
  const head = Buffer.alloc(18); // priority and weight stay 0, as does the time that it is good for
  for (const [at, value] of [
    [0, ASKED_NAME],
    [2, SRV],
    [4, INTERNET],
    [10, 6 + name.length],
    [16, port],
  ] as const)
    head.writeUInt16BE(value, at);
  return Buffer.concat([head, name]);
}
