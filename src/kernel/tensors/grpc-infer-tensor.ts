import { WireType } from '@bufbuild/protobuf/wire';
import { FieldReader, TooMuch, type FieldBudget } from './grpc-fields';

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

type ParameterValue = boolean | bigint | string | number | undefined;
const NO_BYTES = new Uint8Array(0);
const NO_PARAMETERS: Parameters = {};

/** @throws TooMuch where the list is as long as we take */
export function addTo<Item>(path: string, items: Item[], item: Item): void {
  if (items.length >= MAX_ITEMS) throw tooMany(path);
  items.push(item);
}

const tooMany = (path: string): TooMuch =>
  new TooMuch({ path, expected: `at most ${MAX_ITEMS} of them`, actual: 'more' });

/**
 * @param path of the tensor, for sentences
 * @param budget of the message that it is in
 */
export function readInferTensor(message: Uint8Array, path: string, budget: FieldBudget): InferTensor {
  const shape: number[] = [];
  const parameters = new ParameterList(budget);
  let name = '';
  let datatype = '';
  const parts: Uint8Array[] = [];
  const reader = new FieldReader(message, budget);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) readAxes(reader, shape, path);
    else if (reader.wireType !== WireType.LengthDelimited) reader.pass();
    else if (field === 1) name = reader.text();
    else if (field === 2) datatype = reader.text();
    else if (field === 4) parameters.add(reader.bytes());
    else if (field === 5) addTo(`${path}.contents`, parts, reader.bytes());
    else reader.pass();
  }
  return { name, datatype, shape, parameters: parameters.all(), contents: merged(parts) };
}

/** Numbers one by one, or packed. One beyond 2^53 becomes a size that no model takes. */
function readAxes(reader: FieldReader, shape: number[], path: string): void {
  const isPacked = reader.wireType === WireType.LengthDelimited;
  if (!isPacked && reader.wireType !== WireType.Varint) return void reader.pass();
  const end = isPacked ? reader.uint32() + reader.pos : reader.pos + 1;
  while (reader.pos < end) {
    if (shape.length >= MAX_AXES)
      throw new TooMuch({ path: `${path}.shape`, expected: `at most ${MAX_AXES} axes`, actual: 'more' });
    shape.push(Number(reader.int64()));
  }
}

/** Entries of a map from a name to an `InferParameter`. */
export class ParameterList {
  private readonly values = new Map<string, Parameters[string]>();

  /** @param budget of the message that they are in */
  constructor(private readonly budget: FieldBudget) {}

  add(entry: Uint8Array): void {
    let name = '';
    let value: ParameterValue;
    const reader = new FieldReader(entry, this.budget);
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (reader.wireType !== WireType.LengthDelimited) reader.pass();
      else if (field === 1) name = reader.text();
      else if (field === 2) value = readParameter(reader.bytes(), value, this.budget);
      else reader.pass();
    }
    if (value === undefined) return void this.values.delete(name); // of several of one name the last counts
    if (this.values.size >= MAX_ITEMS) throw tooMany('parameters');
    this.values.set(name, plain(value));
  }

  all(): Parameters {
    return this.values.size === 0 ? NO_PARAMETERS : Object.fromEntries(this.values);
  }
}

/**
 * A message `InferParameter`: of several values the last. Not by generated code, which keeps an object for each field
 * that it does not know: gigabytes for a message of 64 MiB.
 *
 * @param before what an earlier part of the message has said
 */
function readParameter(message: Uint8Array, before: ParameterValue, budget: FieldBudget): ParameterValue {
  let value = before;
  const reader = new FieldReader(message, budget);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const read = PARAMETER_CHOICE.get(field * WIRE_TYPES + reader.wireType);
    if (read) value = read(reader);
    else reader.pass();
  }
  return value;
}

/** Kinds of encoding that a tag has room for. */
const WIRE_TYPES = 8;
/** The fields of an `InferParameter`, by their tags. */
const PARAMETER_CHOICE = new Map<number, (reader: FieldReader) => ParameterValue>([
  [1 * WIRE_TYPES + WireType.Varint, (reader) => reader.bool()],
  [2 * WIRE_TYPES + WireType.Varint, (reader) => BigInt(reader.int64())],
  [3 * WIRE_TYPES + WireType.LengthDelimited, (reader) => reader.text()],
  [4 * WIRE_TYPES + WireType.Bit64, (reader) => reader.double()],
  [5 * WIRE_TYPES + WireType.Varint, (reader) => BigInt(reader.uint64())],
]);

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
