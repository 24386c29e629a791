import { invalidInput, refuse, shorten, type InvalidInput, type Refusal } from '../../kernel/errors';
import type { InputCheck } from '../../kernel/input-check';
import type { Sequence } from '../../serving/serving';
import { describeJson, flagOf, isAbsent, type Json } from './parameters';

/** Longest id that is a text, in characters: as Triton takes them. */
const MAX_ID_LENGTH = 128;
/** The largest that the protocol has a parameter for. */
const MAX_ID = 2n ** 63n - 1n;

/** The sequence that a question belongs to; null where its id is 0 or empty, as clients write it who mean none. */
export function sequenceOf(parameters: Json, check: InputCheck): Sequence | null {
  const { sequence_id: id } = parameters;
  if (isAbsent(id) || id === 0 || id === '') return null;
  const start = flagOf(parameters, 'sequence_start', 'parameters', check) ?? false;
  const end = flagOf(parameters, 'sequence_end', 'parameters', check) ?? false;
  if (isId(id)) return { id, start, end };
  const expected = `a whole number from 0 on, in JSON up to 2^53, or a text of at most ${MAX_ID_LENGTH} characters`;
  check.add('parameters.sequence_id', expected, describeJson(id));
  return null;
}

/** Where a question before it has failed, and the model would take it for the one that comes next. */
export const tornSequence = ({ sequence_id: id }: Json): Refusal<InvalidInput> =>
  refuse(
    invalidInput([
      {
        path: 'parameters.sequence_start',
        expected: `true, since an earlier question of the sequence ${shorten(String(id))} has failed in this stream`,
        actual: 'a question that goes on with it',
      },
    ]),
  );

/** Why an answer cannot be told; asked again within its sequence, its question would count twice. */
export function untold(error: InvalidInput, sequence: Sequence | null | undefined): InvalidInput {
  if (!sequence) return error;
  const what = 'The model has taken the question, so that its sequence has moved on:';
  return { ...error, message: `${error.message} ${what} do not ask it again, begin the sequence anew.` };
}

function isId(id: unknown): id is Sequence['id'] {
  if (typeof id === 'string') return id.length <= MAX_ID_LENGTH && id.isWellFormed();
  if (typeof id === 'bigint') return id > 0n && id <= MAX_ID;
  return Number.isSafeInteger(id) && (id as number) > 0;
}
