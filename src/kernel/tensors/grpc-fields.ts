import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { InputIssue } from '../errors';

/** Most fields of a message and of all that is in it, but for values: some times what 1,000 inputs and outputs have. */
const MAX_FIELDS = 100_000;

/** A message that is whole, but more than we take. */
export class TooMuch extends Error {
  constructor(readonly issue: InputIssue) {
    super(`${issue.path}: expected ${issue.expected}`);
  }
}

/** Why a message cannot be taken, by what reading it has thrown. */
export const messageIssue = (error: unknown, typeName: string): InputIssue =>
  error instanceof TooMuch
    ? error.issue
    : { path: 'message', expected: `an encoded ${typeName}`, actual: `other bytes (${String(error)})` };

/**
 * How many fields may still be looked at. A field takes two bytes at least, so that a message within its limit may have
 * 32 million, which would keep everybody waiting for seconds. Messages within a message share its budget.
 */
export class FieldBudget {
  constructor(
    private left = MAX_FIELDS,
    private readonly what: Pick<InputIssue, 'path' | 'expected'> = {
      path: 'message',
      expected: `at most ${MAX_FIELDS} fields`,
    },
  ) {}

  /** @throws TooMuch */
  spend(): void {
    this.left -= 1;
    if (this.left < 0) throw new TooMuch({ ...this.what, actual: 'more' });
  }
}

/** Reads a message field by field. Groups, which no message of ours has, are passed over with all that is in them. */
export class FieldReader extends BinaryReader {
  /** Of the field that `next` has answered. */
  wireType = WireType.Varint;
  private field = 0;

  constructor(
    message: Uint8Array,
    private readonly budget: FieldBudget,
  ) {
    super(message);
  }

  /** The number of the next field, whose value is to be read or passed over then; 0 at the end. */
  next(): number {
    const groups: number[] = [];
    while (this.pos < this.len) {
      this.budget.spend();
      const [field, wireType] = this.tag();
      if (wireType === WireType.StartGroup) groups.push(field);
      else if (wireType === WireType.EndGroup) {
        if (groups.pop() !== field) throw new Error('a group ends that has not begun');
      } else if (groups.length > 0) this.skip(wireType, field);
      else {
        this.field = field;
        this.wireType = wireType;
        return field;
      }
    }
    if (groups.length > 0) throw new Error('a group has no end');
    return 0;
  }

  /** Passes over the field's value, and answers it as it is encoded. */
  pass(): Uint8Array {
    return this.skip(this.wireType, this.field);
  }

  /** @throws where the bytes are not UTF-8 */
  text(): string {
    return this.string(true);
  }
}
