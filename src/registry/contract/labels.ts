import type { InputIssue } from '../../kernel/errors';
import { isFloating, type TensorSpec } from '../../kernel/tensors/tensor';

/**
 * Labels name classes, so some output must have a number for each. Refused is only what is certainly wrong: every
 * output that could hold probabilities has a fixed width, and none has the labels' count.
 */
export function labelIssues(
  labels: readonly string[] | null,
  outputs: readonly TensorSpec[],
): readonly InputIssue[] {
  if (labels === null) return [];
  const widths = outputs
    .filter(({ datatype, shape }) => isFloating(datatype) && shape.length === 2)
    .map(({ shape }) => shape[1] ?? -1);
  const classes = widths.filter((width) => width !== 1); // one number for two classes is a fashion, too
  if (classes.length === 0 || classes.some((width) => width === -1 || width === labels.length)) return [];
  return [
    {
      path: 'labels',
      expected: `${classes.join(' or ')} labels, as many as the model's output has columns`,
      actual: `${labels.length} labels`,
    },
  ];
}
