import { invalidInput, refuse, shorten, type InvalidInput, type Refusal } from '../../kernel/errors';
import { readNested, type NestedValue, type ReadTensor } from '../../kernel/tensors/nested-values';
import type { Signature } from '../../registry/registry';
import type { PredictRefusal } from '../../serving/serving';
import { columnForm } from './column-form';
import { rowForm } from './row-form';
import { SIGNATURE_NAME } from './signature-def';

/** A question as it was sent: one instance after the other, or one input after the other; so is its answer. */
export interface Asked {
  readonly ok: true;
  readonly form: 'row' | 'column';
  readonly inputs: readonly ReadTensor[];
}

/** The body of `:predict`, against what the model takes. */
export function readPredictBody(body: unknown, signature: Signature): Asked | Refusal<InvalidInput> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return wrong('The body must be a JSON object with “instances” or “inputs”.');
  const { signature_name: name, ...members } = body as Readonly<Record<string, unknown>>;
  const isRow = Object.hasOwn(members, 'instances');
  const isColumn = Object.hasOwn(members, 'inputs');
  if (isRow && isColumn)
    return wrong("Give only one of 'instances' (row form) and 'inputs' (column form), not both.");
  if (!isRow && !isColumn)
    return wrong(
      "Missing 'inputs' or 'instances' key: 'instances' is the row form, 'inputs' the column form.",
    );
  const wrongName = wrongSignatureName(name);
  if (wrongName !== null) return wrong(wrongName);
  const form = isRow ? rowForm(members.instances, signature) : columnForm(members.inputs, signature);
  return form.ok ? read(form.given, isRow ? 'row' : 'column') : wrong(form.message);
}

function read(given: readonly NestedValue[], form: Asked['form']): Asked | Refusal<InvalidInput> {
  const inputs: ReadTensor[] = [];
  for (const input of given) {
    const result = readNested(input, true);
    if (!result.ok) return refuse(invalidInput([result.issue]));
    inputs.push(result);
  }
  return { ok: true, form, inputs };
}

function wrongSignatureName(name: unknown): string | null {
  if (name === undefined || name === '' || name === SIGNATURE_NAME) return null;
  if (typeof name !== 'string') return "'signature_name' key must be a string value.";
  return `Serving signature name: "${shorten(name)}" not found in signature def. There is only "${SIGNATURE_NAME}".`;
}

/** What is found wrong with the tensors that were made of the body, at the places where the client gave it. */
export function atTheirPlaces(error: PredictRefusal, { inputs }: Asked): PredictRefusal {
  if (error.kind !== 'InvalidInputError') return error;
  const issues = error.issues.map((issue) => {
    const [, input, value] = /^inputs\[(\d+)\]\.data\[(\d+)\]$/.exec(issue.path) ?? [];
    const path = inputs[Number(input)]?.placeOfValue(Number(value));
    return path === undefined ? issue : { ...issue, path };
  });
  return invalidInput(issues);
}

const wrong = (message: string): Refusal<InvalidInput> =>
  refuse({ kind: 'InvalidInputError', code: 'INVALID_INPUT', message, issues: [] });
