import { DATATYPES, elementCount, type Tensor, type TensorSpec } from '../../kernel/tensors/tensor';
import { refuseBadName, refuseDuplicates } from '../inspection/declared-signature';
import { ModelRefusal } from '../inspection/refusal';
import type { SaidTensor, SaidTensors } from '../execution/remote-document';
import { RemoteFailure } from './remote-failure';
import type { RemoteMetadata } from './remote-inference';

/** Most axes of one tensor: no runtime takes more. */
const MAX_AXES = 32;
/** Characters of tensors that a sentence repeats. */
const MAX_SHOWN = 500;

/** What a model takes and gives. */
export interface Declared {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * What a model takes and gives, as we can serve it: as its remote says, or its document where the remote says nothing.
 *
 * @throws ModelRefusal where neither says it, they differ, or there are types, names and shapes that we cannot serve
 */
export function declaredBy(said: RemoteMetadata, written: SaidTensors | null): Declared {
  const isSaid = said.inputs.length > 0 || said.outputs.length > 0;
  if (!isSaid && !written)
    throw new ModelRefusal(
      'NO_SIGNATURE',
      'The remote does not say what its model takes and gives: write “inputs” and “outputs” into the document.',
    );
  const declared = checked(isSaid || !written ? said : written);
  const difference = isSaid && written ? differenceOf(checked(written), declared, 'the document says') : null;
  if (difference !== null)
    throw new ModelRefusal(
      'OTHER_SIGNATURE',
      `${difference} Leave “inputs” and “outputs” out of the document.`,
    );
  return declared;
}

function checked({ inputs, outputs }: SaidTensors): Declared {
  if (outputs.length === 0)
    throw new ModelRefusal('NO_OUTPUTS', 'The remote’s model has no outputs, so it answers nothing.');
  const declared = {
    inputs: inputs.map((spec) => specOf('input', spec)),
    outputs: outputs.map((spec) => specOf('output', spec)),
  };
  refuseDuplicates(declared.inputs);
  refuseDuplicates(declared.outputs);
  return declared;
}

function specOf(role: 'input' | 'output', { name, datatype, shape }: SaidTensor): TensorSpec {
  refuseBadName(role, name);
  const known = DATATYPES.find((one) => one === datatype);
  if (known === undefined)
    throw new ModelRefusal(
      'UNSUPPORTED_ELEMENT_TYPE',
      `The ${role} '${name}' has datatype ${datatype.slice(0, 40)}; there are ${DATATYPES.join(', ')}.`,
    );
  if (shape.length > MAX_AXES || !shape.every((size) => Number.isSafeInteger(size) && size >= -1))
    throw new ModelRefusal(
      'UNSUPPORTED_SHAPE',
      `The ${role} '${name}' has a shape that is none: up to ${MAX_AXES} whole numbers, -1 for a size that may vary.`,
    );
  return { name, datatype: known, shape };
}

/** What has become of a model since it was registered, in a sentence; null where it takes and gives the same. */
export function changeOf(before: Declared, now: Declared): string | null {
  const difference = differenceOf(before, now, 'the version was registered with');
  return difference === null ? null : `${difference} Register it again.`;
}

function differenceOf(before: Declared, now: Declared, whose: string): string | null {
  const same = (one: readonly TensorSpec[], other: readonly TensorSpec[]) =>
    describe(one) === describe(other);
  if (same(before.inputs, now.inputs) && same(before.outputs, now.outputs)) return null;
  return (
    `The remote’s model takes ${shown(now.inputs)} and gives ${shown(now.outputs)}; ${whose} ` +
    `${shown(before.inputs)} and ${shown(before.outputs)}.`
  );
}

const describe = (specs: readonly TensorSpec[]): string =>
  specs
    .map(({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(',')}]`)
    .sort()
    .join(', ');

const shown = (specs: readonly TensorSpec[]): string => describe(specs).slice(0, MAX_SHOWN);

/**
 * An answer in the order wanted, where it is what the model declares.
 *
 * @param rows of the question; undefined where the model has none
 * @throws RemoteFailure where it is not
 */
export function checkedAnswer(
  answer: readonly Tensor[],
  outputs: readonly TensorSpec[],
  wanted: readonly string[] | undefined,
  rows: number | undefined,
): readonly Tensor[] {
  const names = wanted && wanted.length > 0 ? wanted : outputs.map(({ name }) => name);
  return names.map((name) => {
    const found = answer.filter((tensor) => tensor.name === name);
    const spec = outputs.find((one) => one.name === name);
    const [tensor] = found;
    if (!tensor || !spec || found.length > 1)
      throw new RemoteFailure(
        'broken',
        `The remote’s answer has ${found.length} outputs “${name}” in place of one.`,
      );
    if (tensor.datatype !== spec.datatype || !fits(tensor.shape, spec.shape, rows))
      throw new RemoteFailure(
        'broken',
        `The remote answered ${tensor.datatype} [${tensor.shape.join(', ')}] as “${name}”, which is ${spec.datatype} ` +
          `[${[rows ?? spec.shape[0] ?? [], ...spec.shape.slice(1)].flat().join(', ')}].`,
      );
    return tensor;
  });
}

function fits(shape: readonly number[], spec: readonly number[], rows: number | undefined): boolean {
  return (
    shape.length === spec.length &&
    Number.isSafeInteger(elementCount(shape)) &&
    shape.every((size, axis) => {
      const expected = axis === 0 && rows !== undefined ? rows : spec[axis];
      return expected === -1 || expected === size;
    })
  );
}
