import { InputCheck, MAX_VALUE_LENGTH } from '../../kernel/input-check';
import { invalidInput, refuse, shorten, type InvalidInput, type Refusal } from '../../kernel/errors';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { Signature } from '../../registry/registry';
import type { PredictRequest } from './prediction';
import { MAX_TIMEOUT_MS } from '../execution/max-timeout';
import type { Sequence } from '../execution/sequence';
import type { ServedModel } from './served-model';
import { checkTensors } from '../values/tensor-check';

/** What the model is asked, checked against its signature. */
export interface Question {
  readonly ok: true;
  readonly inputs: readonly Tensor[];
  /** Undefined: all outputs. */
  readonly outputs: readonly string[] | undefined;
  /** Null where the question came as tensors: then the answer does too. */
  readonly rowCount: number | null;
  /** Rows that the model computes; 1 where it takes no rows. */
  readonly modelRows: number;
  readonly sequence?: Sequence | undefined;
}

/** What can be checked before it is known which model answers. */
export function checkRequest({
  endpoint,
  ref,
  rows,
  inputs,
  routingKey,
  timeoutMs,
}: PredictRequest): InvalidInput | null {
  const check = new InputCheck();
  if (isGiven(endpoint) === isGiven(ref))
    check.add('input', 'exactly one of endpoint and ref', isGiven(ref) ? 'both' : 'neither');
  if (isGiven(rows) === isGiven(inputs))
    check.add('input', 'exactly one of rows and inputs', isGiven(rows) ? 'both' : 'neither');
  check.optionalText('routingKey', routingKey, MAX_VALUE_LENGTH);
  if (isGiven(timeoutMs) && (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS)) {
    check.add('timeoutMs', `1 to ${MAX_TIMEOUT_MS} ms`, String(timeoutMs));
  }
  return check.result();
}

export function questionFor(model: ServedModel, request: PredictRequest): Question | Refusal<InvalidInput> {
  const { signature } = model.version;
  const outputs = request.outputs ?? undefined;
  const wrong = outputs && checkOutputs(outputs, signature.outputs);
  if (wrong) return refuse(wrong);
  const sequence = request.sequence ?? undefined;
  if (sequence && !remembers(model)) return refuse(withoutMemory(model, sequence));
  const checked = request.rows
    ? model.rows.encode(request.rows)
    : checkTensors(
        request.inputs ?? [],
        signature.inputs,
        signature.batchable,
        model.file.remote !== undefined,
      );
  if (!checked.ok) return checked;
  const { inputs } = checked;
  const rowCount = request.rows ? request.rows.length : null;
  return {
    ok: true,
    inputs,
    outputs,
    rowCount,
    modelRows: (signature.batchable ? inputs[0]?.shape[0] : null) ?? 1,
    sequence,
  };
}

/** The Open Inference Protocol has sequences; ONNX models and TensorFlow Serving's know no earlier questions. */
const remembers = ({ file }: ServedModel): boolean => file.remote?.backend === 'open-inference';

const withoutMemory = ({ version: { ref } }: ServedModel, { id }: Sequence): InvalidInput =>
  invalidInput([
    {
      path: 'parameters.sequence_id',
      expected: `0 or none, since “${ref}” answers each request by itself`,
      actual: shorten(String(id)),
    },
  ]);

function checkOutputs(wanted: readonly string[], specs: Signature['outputs']): InvalidInput | null {
  const unknown = wanted.find((name) => !specs.some((spec) => spec.name === name));
  // Of more than there are, one comes again among the first: the rest need no look, which grows with their square.
  const again = wanted.slice(0, specs.length + 1).findIndex((name, index) => wanted.indexOf(name) < index);
  if (unknown === undefined && again === -1 && wanted.length > 0) return null;
  const check = new InputCheck();
  if (wanted.length === 0 || unknown !== undefined)
    check.add(
      'outputs',
      `some of ${specs.map(({ name }) => name).join(', ')}`,
      unknown?.slice(0, 100) ?? 'none',
    );
  else check.add(`outputs[${again}]`, 'each output once', wanted[again] ?? '');
  return check.result();
}

const isGiven = <Value>(value: Value | null | undefined): value is Value =>
  value !== null && value !== undefined;
