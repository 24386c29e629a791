import type { TensorInput } from '../../kernel/tensors/tensor-input';
import type { ColumnPlace } from '../../registry/registry';
import type { Variant } from '../endpoints/endpoint';
import type { PredictRequest } from '../predictions/prediction';
import { elementText, plainText } from '../values/tensor-element';
import type { RoutingRule } from '../endpoints/routing-rule';

/** Where a field's value is in questions that come as tensors. */
interface FieldPlace {
  readonly input: string;
  /** In the first row; null: the row is this one value. */
  readonly index: number | null;
}

/** A rule that is ready to be looked at for each prediction. */
export interface RunningRule<Running> extends Pick<RoutingRule, 'header' | 'field'> {
  readonly place: FieldPlace;
  readonly values: ReadonlySet<string>;
  readonly variant: Running;
}

/**
 * Rules whose variant does not run are left out: their callers go the way of all others.
 *
 * @param columns what places in tensors are called: of the version whose signature callers see
 */
export function runningRules<Running extends Pick<Variant, 'name'>>(
  rules: readonly RoutingRule[],
  variants: readonly Running[],
  columns: readonly Pick<ColumnPlace, 'name' | 'input' | 'index'>[],
): readonly RunningRule<Running>[] {
  return rules.flatMap(({ header, field, equals, variant: name }) => {
    const variant = variants.find((running) => running.name === name);
    const place = columns.find((column) => column.name === field) ?? { input: field ?? '', index: null };
    return variant ? [{ header, field, place, values: new Set(equals), variant }] : [];
  });
}

type Asked = Pick<PredictRequest, 'headers' | 'rows' | 'inputs' | 'parameters'>;

/** The first rule that applies. */
export function matchingRule<Running>(
  rules: readonly RunningRule<Running>[],
  request: Asked,
): RunningRule<Running> | undefined {
  return rules.find(({ header, field, place, values }) => {
    const value = header === null ? fieldOf(request, field ?? '', place) : request.headers?.(header);
    return value !== undefined && values.has(value);
  });
}

const fieldOf = ({ rows, inputs, parameters }: Asked, field: string, place: FieldPlace): string | undefined =>
  plainText(rows?.[0]?.[field]) ?? valueAt(inputs, place) ?? plainText(parameters?.[field]);

function valueAt(inputs: PredictRequest['inputs'], { input, index }: FieldPlace): string | undefined {
  const tensor = inputs?.find(({ name }) => name === input);
  return tensor && (index !== null || hasOneValue(tensor)) ? elementText(tensor, index ?? 0) : undefined;
}

/** In each row. */
const hasOneValue = ({ shape }: TensorInput): boolean => shape.slice(1).every((size) => size === 1);
