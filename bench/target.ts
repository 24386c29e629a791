import type { Answer } from './connection';

/** How somebody is asked, and how the answer is checked. */
export interface Target {
  readonly path: string;
  /** A body for each question; asked in turn. Called once, before anything is measured. */
  readonly bodies: () => readonly Body[];
  /** What every answer must contain. */
  readonly mark: string;
  /** Absent: the target computes nothing. */
  readonly numbers?: Numbers;
  /** What the server says that the request took, in ms; absent: it says nothing. */
  readonly serverMs?: (answer: Answer) => number;
}

export interface Body {
  readonly bytes: Buffer;
  readonly headers: readonly string[];
}

interface Numbers {
  /** Those in an answer; whatever came, since it is checked. */
  readonly read: (answer: Answer) => unknown;
  /** What they must be, question by question. Called once. */
  readonly expected: () => readonly (readonly number[])[];
  /** How far an answer may be from what it must be; absent: as single precision is from double, after few sums. */
  readonly tolerance?: number;
}

export const json = (value: unknown): Body => ({
  bytes: Buffer.from(JSON.stringify(value)),
  headers: ['content-type: application/json', 'accept: application/json'],
});

export const parsed = <Shape>({ body }: Answer): Shape => JSON.parse(body.toString()) as Shape;

/** The Open Inference Protocol's description of one tensor of floats. */
export interface FloatTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

const described = ({ name, shape }: FloatTensor) => ({ name, datatype: 'FP32', shape });
export const littleEndian = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** The protocol's plain form: numbers as JSON writes them. */
export const openInferenceJson = (tensor: FloatTensor, values: Float32Array): Body =>
  json({ inputs: [{ ...described(tensor), data: Array.from(values) }] });

/** Its binary form: JSON, then the values, here in both directions. */
export function openInferenceBytes(tensor: FloatTensor, values: Float32Array): Body {
  const bytes = littleEndian(values);
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ ...described(tensor), parameters: { binary_data_size: bytes.length } }],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    bytes: Buffer.concat([head, bytes]),
    headers: ['content-type: application/octet-stream', `inference-header-content-length: ${head.length}`],
  };
}

export const graphqlBase64 = (tensor: FloatTensor, values: Float32Array) => ({
  ...described(tensor),
  base64: littleEndian(values).toString('base64'),
});

interface OpenInferenceAnswer {
  readonly outputs?: readonly { readonly data?: unknown }[];
}
export const numbersInJson = (answer: Answer): unknown =>
  parsed<OpenInferenceAnswer>(answer).outputs?.[0]?.data;

export function numbersInBytes({ head, body }: Answer): number[] {
  const start = Number(/inference-header-content-length: *(\d+)/i.exec(head)?.[1]);
  return floatsOf(body.subarray(start));
}

export const floatsOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
