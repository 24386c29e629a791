import { invalidInput, shorten, type InputIssue, type InvalidInput } from '../../kernel/errors';
import { refusedRequests, type ModelVersion } from '../../registry/registry';
import type { Variant } from '../endpoints/endpoint';

interface Sharing {
  /** Where it stands in what the caller has sent. */
  readonly path: string;
  readonly name: string;
  readonly version: ModelVersion;
}

/**
 * Chance sends a caller to one of the variants with a weight: where neither of two takes the questions of the other,
 * all callers would be refused time and again. Those that only get copies, or only who a rule sends to them, may
 * differ.
 *
 * @param versions what the variants lead to, in their order
 * @returns null where the variants can share the endpoint's callers
 */
export function unlikeVariants(
  variants: readonly Variant[],
  versions: readonly ModelVersion[],
): InvalidInput | null {
  const issues: InputIssue[] = [];
  const earlier: Sharing[] = [];
  variants.forEach(({ name, weight, shadow }, index) => {
    const version = versions[index];
    if (!version || shadow || weight === 0) return;
    const variant: Sharing = { path: `variants[${index}].ref`, name, version };
    for (const other of earlier) {
      const issue = unlikeness(other, variant);
      if (issue === null) continue;
      issues.push(issue);
      break;
    }
    earlier.push(variant);
  });
  return issues.length > 0 ? invalidInput(issues) : null;
}

function unlikeness(first: Sharing, second: Sharing): InputIssue | null {
  const [reason] = refusedRequests(first.version.signature, second.version.signature);
  const isEitherWay = refusedRequests(second.version.signature, first.version.signature).length > 0;
  if (reason === undefined || !isEitherWay) return null;
  return {
    path: second.path,
    expected: `a version that takes the same questions as variant “${shorten(first.name)}”, since both share its callers`,
    actual: `${shorten(second.version.ref)}, seen from there: ${reason}`,
  };
}
