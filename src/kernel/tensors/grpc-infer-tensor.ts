import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { InputIssue } from '../errors';
import { InferParameterSchema, type InferParameter } from '../generated/grpc_service_pb';

/** Most inputs, outputs or parameters that are looked at: many times what any model has. */
const MAX_ITEMS = 1_000;
/** Most axes of one tensor: no runtime takes more, and a shape is repeated in our sentences. */
const MAX_AXES = 32;

/** By name; integers beyond 2^53 as bigints. */
export type Parameters = Readonly<Record<string, boolean | string | number | bigint>>;

/** A message `InferInputTensor` or `InferOutputTensor`, which have the same fields. */
export interface InferTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  /** A message `InferTensorContents` as it came, to be read once the datatype is known; empty: none. */
  readonly contents: Uint8Array;
}

/** A message that is whole, but more than we take. */
export class TooMuch extends Error {
  constructor(readonly issue: InputIssue) {
    super(`${issue.path}: expected ${issue.expected}`);
  }
}

type ParameterChoice = InferParameter['parameterChoice'];
const NO_BYTES = new Uint8Array(0);
const NO_PARAMETERS: Parameters = {};

/** @throws TooMuch where the list is as long as we take */
export function addTo<Item>(path: string, items: Item[], item: Item): void {
  if (items.length >= MAX_ITEMS)
    throw new TooMuch({ path, expected: `at most ${MAX_ITEMS} of them`, actual: 'more' });
  items.push(item);
}

/** @param path of the tensor, for sentences */
export function readInferTensor(message: Uint8Array, path: string): InferTensor {
  const shape: number[] = [];
  const parameters = new ParameterList();
  let name = '';
  let datatype = '';
  const parts: Uint8Array[] = [];
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 3) readAxes(reader, wireType, shape, path);
    else if (wireType !== WireType.LengthDelimited) reader.skip(wireType, field);
    else if (field === 1) name = reader.string();
    else if (field === 2) datatype = reader.string();
    else if (field === 4) parameters.add(reader.bytes());
    else if (field === 5) addTo(`${path}.contents`, parts, reader.bytes());
    else reader.skip(wireType, field);
  }
  return { name, datatype, shape, parameters: parameters.all(), contents: merged(parts) };
}

/** Numbers one by one, or packed. One beyond 2^53 becomes a size that no model takes. */
function readAxes(reader: BinaryReader, wireType: WireType, shape: number[], path: string): void {
  const end = wireType === WireType.LengthDelimited ? reader.uint32() + reader.pos : reader.pos + 1;
  while (reader.pos < end) {
    if (shape.length >= MAX_AXES)
      throw new TooMuch({ path: `${path}.shape`, expected: `at most ${MAX_AXES} axes`, actual: 'more' });
    shape.push(Number(reader.int64()));
  }
}

/** Entries of a map from a name to an `InferParameter`. */
export class ParameterList {
  private readonly entries: [string, Parameters[string]][] = [];

  add(entry: Uint8Array): void {
    let name = '';
    let value: ParameterChoice['value'];
    const reader = new BinaryReader(entry);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) reader.skip(wireType, field);
      else if (field === 1) name = reader.string();
      else if (field === 2) value = fromBinary(InferParameterSchema, reader.bytes()).parameterChoice.value;
      else reader.skip(wireType, field);
    }
    if (value !== undefined) addTo('parameters', this.entries, [name, plain(value)]);
  }

  all(): Parameters {
    return this.entries.length === 0 ? NO_PARAMETERS : Object.fromEntries(this.entries);
  }
}

function plain(value: boolean | bigint | string | number): Parameters[string] {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A message that comes in parts is the parts one after another: so says the encoding. */
function merged(parts: readonly Uint8Array[]): Uint8Array {
  const [only = NO_BYTES, ...others] = parts;
  return others.length === 0 ? only : Buffer.concat(parts);
}
