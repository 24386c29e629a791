import { counted } from './counted';
import type { Refusal } from './operations/refusal';

/** Reasons that are told one by one; what is wrong with every row is wrong with the first ones, too. */
const MAX_REASONS = 20;

/** Why something was not done, with all that is wrong: in several lines where there is more to it than a sentence. */
export function refusalText({ message, issues = [], gates = [] }: Refusal): string {
  const reasons = [
    ...issues.map(({ path, expected, actual }) => `${path}: expected ${expected}, got ${actual}`),
    ...gates.filter(({ passed }) => !passed).map(({ name, message: why }) => `${name}: ${why}`),
  ];
  const more = reasons.length - MAX_REASONS;
  return [
    message,
    ...reasons.slice(0, MAX_REASONS).map((reason) => `  ${reason}`),
    ...(more > 0 ? [`  and ${counted(more, 'other')}`] : []),
  ].join('\n');
}
