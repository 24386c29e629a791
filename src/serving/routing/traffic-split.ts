import { createHash } from 'node:crypto';

interface Weighted {
  readonly name: string;
  readonly weight: number;
}

/**
 * The variant that answers. Without a routing key each call is drawn by weight. With one, the same key gets the same
 * variant, and a small change of the weights moves few keys: weighted rendezvous hashing, by Schindelhauer and
 * Schomaker (“Weighted Distributed Hash Tables”, SPAA 2005), in its logarithmic form.
 *
 * @param variants at least one with a positive weight
 * @param random from 0 to below 1
 */
export function pickVariant<Variant extends Weighted>(
  variants: readonly Variant[],
  routingKey: string | null,
  random: number,
): Variant {
  const [only] = variants;
  if (only && variants.length === 1) return only;
  const picked = routingKey === null ? draw(variants, random) : highestScore(variants, routingKey);
  if (!picked) throw new Error('An endpoint has at least one variant with a positive weight.');
  return picked;
}

/** By weight. Undefined where no weight is positive. */
export function draw<Variant extends { readonly weight: number }>(
  variants: readonly Variant[],
  random: number,
): Variant | undefined {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  let left = random * total;
  for (const variant of variants) {
    left -= variant.weight;
    if (left < 0) return variant;
  }
  return variants.findLast(({ weight }) => weight > 0); // rounding left a crumb
}

function highestScore<Variant extends Weighted>(
  variants: readonly Variant[],
  routingKey: string,
): Variant | undefined {
  let best: Variant | undefined;
  let bestScore = -Infinity;
  for (const variant of variants) {
    if (variant.weight <= 0) continue;
    const score = -variant.weight / Math.log(unitHash(`${variant.name}\0${routingKey}`));
    if (score > bestScore) {
      bestScore = score;
      best = variant;
    }
  }
  return best;
}

/** Evenly spread over the open interval (0, 1). */
function unitHash(text: string): number {
  return (createHash('sha256').update(text).digest().readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
