/** From 0 to below 1, evenly spread. */
export type Random = () => number;

/**
 * Standard normal, by the polar method of Marsaglia and Bray (“A convenient method for generating normal variables”,
 * 1964).
 */
export function drawNormal(random: Random): number {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/**
 * Logarithm of a gamma of scale 1, by Marsaglia and Tsang (“A simple method for generating gamma variables”, 2000): of
 * small shapes most draws are too small for a double.
 *
 * @param shape above 0
 */
export function drawLogGamma(shape: number, random: Random): number {
  if (shape < 1) return drawLogGamma(shape + 1, random) + Math.log(1 - random()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/**
 * log(p / (1 - p)) of a p with a Beta distribution: it rises with p, and tells apart what is next to 0 or to 1.
 *
 * @param alpha above 0 @param beta above 0
 */
export const drawBetaLogOdds = (alpha: number, beta: number, random: Random): number =>
  drawLogGamma(alpha, random) - drawLogGamma(beta, random);

/** Student's t: a normal over the root of an independent χ² by its degrees of freedom. */
export const drawStudent = (degrees: number, random: Random): number =>
  drawNormal(random) / Math.sqrt((2 * Math.exp(drawLogGamma(degrees / 2, random))) / degrees);
