import { shorten, type InvalidInput } from '../../kernel/errors';
import { type InputCheck, MAX_NAME_LENGTH } from '../../kernel/input-check';
import type { Variant, VariantInput } from '../endpoints/endpoint';

/** Variants behind one endpoint: each holds a model in the workers' memory. */
export const MAX_VARIANTS = 20;
/** Workers that a variant may name: many more than machines have cores. */
export const MAX_INSTANCES = 1_000;

/** Names and weights of variants, checked; a variant without a name is called by its reference. */
export function checkVariants(
  check: InputCheck,
  inputs: readonly VariantInput[],
): { readonly variants: readonly Variant[]; readonly error: InvalidInput | null } {
  const variants = inputs.map(({ name, ref, weight, shadow, instances }) => ({
    name: name ?? ref,
    ref,
    weight,
    shadow: shadow ?? false,
    instances: instances ?? null,
  }));
  if (variants.length === 0) check.add('variants', 'at least one variant', 'none');
  check.count('variants', variants.length, MAX_VARIANTS);
  const names = new Set<string>();
  variants.forEach(({ name, weight, instances }, index) => {
    check.text(`variants[${index}].name`, name, 2 * MAX_NAME_LENGTH + 1);
    if (names.has(name))
      check.add(`variants[${index}].name`, 'a name of its own', `“${shorten(name)}” again`);
    names.add(name);
    if (!(Number.isFinite(weight) && weight >= 0)) {
      check.add(`variants[${index}].weight`, 'a finite number that is not negative', String(weight));
    }
    if (instances !== null && !(instances >= 1 && instances <= MAX_INSTANCES))
      check.add(`variants[${index}].instances`, `1 to ${MAX_INSTANCES} workers`, String(instances));
  });
  const total = variants.reduce((sum, { weight, shadow }) => sum + (shadow ? 0 : weight), 0);
  if (variants.length > 0 && !(total > 0 && Number.isFinite(total))) {
    check.add(
      'variants',
      'weights of the variants that answer (not shadows) with a positive sum',
      String(total),
    );
  }
  return { variants, error: check.result() };
}
