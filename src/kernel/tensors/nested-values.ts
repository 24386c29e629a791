import { elementOfBase64, isBase64Object } from './binary-text';
import type { InputIssue } from '../errors';
import type { Datatype, TensorSpec } from './tensor';
import type { TensorInput } from './tensor-input';

/** Characters of a value that a sentence repeats. */
const MAX_QUOTED = 60;

/** What came for one tensor, and how a place in it is called in the sender's own terms. */
export interface NestedValue {
  readonly spec: TensorSpec;
  /** Nested lists, or one value. */
  readonly value: unknown;
  /** `[1, 2]` → `instances[1].x[2]`, say. */
  readonly placeOf: (indices: readonly number[]) => string;
}

/** Nested lists as a tensor. */
export interface ReadTensor {
  readonly ok: true;
  readonly tensor: TensorInput;
  /** Where the sender gave the value at this place of the tensor. */
  readonly placeOfValue: (index: number) => string;
}

/**
 * Nested lists as one tensor: the shape is what the nesting shows, and must be the signature's. Where the signature has
 * one value a row ([N, 1]), a plain list of values is taken too.
 *
 * @param takesBase64 whether elements of BYTES may be `{"b64": …}`, which is TensorFlow Serving's
 */
export function readNested(
  nested: NestedValue,
  takesBase64: boolean,
): ReadTensor | { readonly ok: false; readonly issue: InputIssue } {
  const { spec, value, placeOf } = nested;
  const { name, datatype, shape } = spec;
  const isPlainColumn =
    isOneColumn(shape) && Array.isArray(value) && value.length > 0 && !Array.isArray(value[0]);
  const reader = new ValueReader(nested, isPlainColumn ? shape.slice(0, 1) : shape, takesBase64);
  const issue = reader.read(value, 0);
  if (issue) return { ok: false, issue };
  const tensor = {
    name,
    datatype,
    shape: isPlainColumn ? [...reader.shape, 1] : reader.shape,
    data: reader.values,
  };
  return { ok: true, tensor, placeOfValue: (index) => placeOf(indicesOf(index, reader.shape)) };
}

const isOneColumn = (shape: readonly number[]): boolean => shape.length === 2 && shape[1] === 1;

class ValueReader {
  readonly values: unknown[] = [];
  readonly shape: readonly number[];
  private readonly indices: number[] = [];

  constructor(
    private readonly nested: NestedValue,
    private readonly expected: readonly number[],
    private readonly takesBase64: boolean,
  ) {
    this.shape = shapeOf(nested.value, expected);
  }

  /** Appends what is below, in row-major order; the first thing that is wrong ends it. */
  read(value: unknown, axis: number): InputIssue | null {
    if (axis === this.shape.length) return this.readValue(value);
    const wrong = this.wrongList(value, axis);
    if (wrong) return wrong;
    const list = value as readonly unknown[];
    for (let index = 0; index < list.length; index += 1) {
      this.indices[axis] = index;
      const issue = this.read(list[index], axis + 1);
      if (issue) return issue;
    }
    return null;
  }

  /** Whether it is of the datatype is for serving to say, as for every door. */
  private readValue(value: unknown): InputIssue | null {
    const axes = this.shape.length;
    const { datatype } = this.nested.spec;
    if (Array.isArray(value)) return this.issue(axes, 'a single value', describeValue(value));
    if (this.takesBase64 && datatype === 'BYTES' && isBase64Object(value)) {
      const element = elementOfBase64(value.b64);
      if (element === null) return this.issue(axes, 'base64, plain or URL-safe', 'something else');
      this.values.push(element);
    } else {
      this.values.push(typeof value === 'bigint' ? wideInteger(value, datatype) : value);
    }
    return null;
  }

  private wrongList(value: unknown, axis: number): InputIssue | null {
    const size = this.expected[axis] ?? -1;
    const wanted = size === -1 ? this.shape[axis] : size;
    if (Array.isArray(value) && value.length === wanted) return null;
    // A first list has the length that it has: it is no list at all, and then nobody knows how long one would be.
    const isOpen = size === -1 && (axis === 0 || (wanted === 0 && !Array.isArray(value)));
    const count = isOpen ? '' : `${wanted} `;
    const what = axis + 1 < this.shape.length ? 'list' : 'value';
    return this.issue(axis, `a list of ${count}${what}${count === '1 ' ? '' : 's'}`, describeValue(value));
  }

  private issue(axis: number, expected: string, actual: string): InputIssue {
    return { path: this.nested.placeOf(this.indices.slice(0, axis)), expected, actual };
  }
}

/** As the first elements show it. Below an empty list nothing shows, and the signature says it: 0 where it may vary. */
function shapeOf(value: unknown, expected: readonly number[]): readonly number[] {
  const shape: number[] = [];
  let level = value;
  for (const size of expected) {
    shape.push(Array.isArray(level) ? level.length : Math.max(size, 0));
    level = Array.isArray(level) ? (level as readonly unknown[])[0] : undefined;
  }
  return shape;
}

/** Where a value is, by its place in row-major order: the last axis moves fastest. */
export function indicesOf(index: number, shape: readonly number[]): readonly number[] {
  const indices: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices;
}

/** An integer beyond 2^53 as our tensors have it: digits where they are kept exactly, else the nearest number. */
const wideInteger = (value: bigint, datatype: Datatype): string | number =>
  datatype === 'INT64' || datatype === 'UINT64' ? String(value) : Number(value);

function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : `${value as number | bigint | boolean}`;
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}
