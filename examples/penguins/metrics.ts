/** A probability of 0 would cost infinitely much; this is the least that is counted. */
const SMALLEST_PROBABILITY = 1e-15;

/** Mean of −ln(probability given to the true class). 0 is perfect, ln(classes) is guessing. */
export function logLoss(probabilities: readonly (readonly number[])[], truth: readonly number[]): number {
  const losses = truth.map(
    (label, i) => -Math.log(Math.max(probabilities[i]?.[label] ?? 0, SMALLEST_PROBABILITY)),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Share of the rows whose likeliest class is the true one, 0 to 1. */
export function accuracy(probabilities: readonly (readonly number[])[], truth: readonly number[]): number {
  const right = truth.filter((label, i) => likeliest(probabilities[i] ?? []) === label);
  return right.length / truth.length;
}

/** Index of the largest number; the first of equals. */
export function likeliest(probabilities: readonly number[]): number {
  return probabilities.indexOf(Math.max(...probabilities));
}
