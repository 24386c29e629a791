import { open } from 'node:fs/promises';
import { shorten } from '../../kernel/errors';
import type { TensorSpec } from '../../kernel/tensors/tensor';
import { MAX_TIMEOUT_MS } from './max-timeout';

/** Largest document that is read, in bytes: many times what its fields can hold. */
export const MAX_DOCUMENT_BYTES = 16_384;
/** Longest name of a model, version, label, signature or credential, in characters. */
const MAX_NAME_LENGTH = 255;
const KIND = 'remote-model/1';
const SCHEMES = ['http:', 'https:', 'grpc:', 'grpcs:'];

/** How long one call may take, in ms, where the document does not say: as long as a caller waits by default. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Calls on their way to the remote at a time: enough to keep it busy, too few to be its overload. */
const DEFAULT_IN_FLIGHT = 8;
const MAX_IN_FLIGHT = 128;

interface Place {
  /** Scheme, host and port, and for HTTP a path before the protocol's own; its scheme says how the protocol travels. */
  readonly url: URL;
  readonly model: string;
  /** As the remote calls it; empty: the remote chooses. */
  readonly version: string;
  /** Name of a credential that the operator has configured; null: none is sent. */
  readonly credential: string | null;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
}

/** An input or an output, as somebody says it. */
export type SaidTensor = Omit<TensorSpec, 'datatype'> & { readonly datatype: string };

/** What a model takes and gives, as somebody says it. */
export interface SaidTensors {
  readonly inputs: readonly SaidTensor[];
  readonly outputs: readonly SaidTensor[];
}

/** A model that another server has, as an artifact says it. */
export type RemoteDocument =
  | (Place & {
      readonly backend: 'open-inference';
      /** For remotes that say nothing of it: the protocol leaves metadata to the model. Null: this one does. */
      readonly tensors: SaidTensors | null;
    })
  | (Place & {
      readonly backend: 'tf-serving';
      /** One of TensorFlow Serving's labels, in place of a version; null: none. */
      readonly label: string | null;
      readonly signature: string;
    });

export type ReadDocument =
  | { readonly ok: true; readonly document: RemoteDocument }
  /** What is wrong with it, in a sentence. */
  | { readonly ok: false; readonly message: string };

/** The document in a file; null where the file is none, but perhaps a model itself. */
export async function readRemoteDocument(path: string): Promise<ReadDocument | null> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    // No model in ONNX begins with a brace: it would be a field that the format does not have.
    if (bytes[0] !== 0x7b || bytesRead > MAX_DOCUMENT_BYTES) return null;
    return parseRemoteDocument(bytes.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

export function parseRemoteDocument(text: string): ReadDocument | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'modelgraph')) return null;
  try {
    return { ok: true, document: new Fields(json as Json).document() };
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, message: error.message };
    throw error;
  }
}

type Json = Readonly<Record<string, unknown>>;
class Wrong extends Error {}

/** Takes fields one after the other; what is left at the end is not known here. */
class Fields {
  private readonly left: Set<string>;

  constructor(private readonly json: Json) {
    this.left = new Set(Object.keys(json));
  }

  document(): RemoteDocument {
    this.oneOf('modelgraph', [KIND]);
    const backend = this.oneOf('backend', ['open-inference', 'tf-serving']);
    const place = this.place(backend);
    if (backend === 'open-inference') {
      const tensors = this.tensors();
      this.end();
      return { backend, ...place, tensors };
    }
    const label = this.optionalText('label');
    if (label !== null && place.version !== '') throw new Wrong('A version and a label exclude each other.');
    if (place.version !== '' && !/^\d{1,18}$/.test(place.version))
      throw new Wrong(
        `“version”: TensorFlow Serving counts versions, so “${shorten(place.version)}” is none.`,
      );
    const signature = this.optionalText('signature') ?? 'serving_default';
    this.end();
    return { backend, ...place, label, signature };
  }

  private place(backend: RemoteDocument['backend']): Place {
    return {
      url: this.url(backend),
      model: this.optionalText('model') ?? this.missing('model', 'the name of the model at the remote'),
      version: this.optionalText('version') ?? '',
      credential: this.optionalText('credential'),
      timeoutMs: this.count('timeoutMs', DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      maxInFlight: this.count('maxInFlight', DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT),
    };
  }

  private tensors(): SaidTensors | null {
    const inputs = this.specs('inputs');
    const outputs = this.specs('outputs');
    if (inputs && outputs) return { inputs, outputs };
    if (inputs || outputs) throw new Wrong('“inputs” and “outputs” go together.');
    return null;
  }

  /** Datatypes, names and sizes are checked with those that remotes say. */
  private specs(name: 'inputs' | 'outputs'): SaidTensors['inputs'] | null {
    const value = this.take(name);
    if (value === undefined || value === null) return null;
    if (Array.isArray(value) && value.every(isSpec))
      return value.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
    throw new Wrong(
      `“${name}”: expected a list of tensors such as {"name": "x", "datatype": "FP32", "shape": [-1, 4]}.`,
    );
  }

  private url(backend: RemoteDocument['backend']): URL {
    const expected =
      backend === 'tf-serving'
        ? 'a URL such as http://tf-serving:8501'
        : 'a URL such as http://triton:8000 or grpc://triton:8001';
    const text = this.optionalText('url') ?? this.missing('url', expected);
    const url = URL.canParse(text) ? new URL(text) : null;
    const isHttp = url !== null && /^https?:$/.test(url.protocol);
    if (!url || !SCHEMES.includes(url.protocol) || (backend === 'tf-serving' && !isHttp))
      throw new Wrong(`“url”: expected ${expected}, got “${shorten(text)}”.`);
    // As names are written that an allow-list can hold, and that mean the same to everybody who reads them.
    if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname))
      throw new Wrong(`“url”: “${shorten(url.hostname)}” is no host name.`);
    if (url.username !== '' || url.password !== '')
      throw new Wrong('“url”: a document holds no secrets. Name a configured credential in “credential”.');
    if (url.search !== '' || url.hash !== '' || (!isHttp && !['', '/'].includes(url.pathname)))
      throw new Wrong(
        `“url”: expected no query${isHttp ? '' : ', no path'} and no fragment in “${shorten(text)}”.`,
      );
    if (!isHttp && url.port === '')
      throw new Wrong(`“url”: expected a port, as in ${url.protocol}//host:8001.`);
    return url;
  }

  private oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    const value = this.take(name);
    const known = values.find((one) => one === value);
    if (known !== undefined) return known;
    const actual = typeof value === 'string' ? `“${shorten(value)}”` : 'something else';
    throw new Wrong(`“${name}”: expected ${values.map((one) => `“${one}”`).join(' or ')}, got ${actual}.`);
  }

  private optionalText(name: string): string | null {
    const value = this.take(name);
    if (value === undefined || value === null) return null;
    const isName = typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH;
    if (isName && value.isWellFormed() && !/\p{Cc}/u.test(value)) return value;
    throw new Wrong(`“${name}”: expected a text of 1 to ${MAX_NAME_LENGTH} characters.`);
  }

  private count(name: string, fallback: number, max: number): number {
    const value = this.take(name) ?? fallback;
    if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number;
    throw new Wrong(`“${name}”: expected a whole number from 1 to ${max}.`);
  }

  private missing(name: string, what: string): never {
    throw new Wrong(`“${name}” is missing: ${what}.`);
  }

  private take(name: string): unknown {
    this.left.delete(name);
    return Object.hasOwn(this.json, name) ? this.json[name] : undefined;
  }

  private end(): void {
    const [unknown] = this.left;
    if (unknown !== undefined) throw new Wrong(`There is no field “${shorten(unknown)}”.`);
  }
}

function isSpec(value: unknown): value is SaidTensor {
  if (typeof value !== 'object' || value === null) return false;
  const { name, datatype, shape } = value as Json;
  const isShape = Array.isArray(shape) && shape.every((size) => typeof size === 'number');
  return typeof name === 'string' && typeof datatype === 'string' && isShape;
}
