import { randomInt } from 'node:crypto';

const QUALITIES = ['amber', 'brave', 'brisk', 'calm', 'clear', 'clever', 'crisp', 'eager', 'early', 'fair', 'gentle', 'golden', 'happy', 'keen', 'kind', 'light', 'lively', 'lucky', 'mellow', 'merry', 'noble', 'polite', 'proud', 'quick', 'quiet', 'rapid', 'sharp', 'silver', 'steady', 'sunny', 'swift', 'warm']; // prettier-ignore
const CREATURES = ['badger', 'beaver', 'crane', 'dolphin', 'eagle', 'falcon', 'finch', 'fox', 'gecko', 'hare', 'heron', 'ibis', 'jay', 'lark', 'lynx', 'marten', 'mole', 'otter', 'owl', 'panda', 'penguin', 'puffin', 'raven', 'robin', 'seal', 'stork', 'swan', 'tern', 'toad', 'vole', 'whale', 'wren']; // prettier-ignore

/** A name to talk about, such as `calm-otter-412`. Not unique: the id is. */
export function newRunName(random: (max: number) => number = (max) => randomInt(max)): string {
  const one = (words: readonly string[]) => words[random(words.length)] ?? '';
  return `${one(QUALITIES)}-${one(CREATURES)}-${random(900) + 100}`;
}
