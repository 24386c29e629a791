/** Longest sentence of the runtime that is passed on, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** The runtime's sentence without what only its own developers need: source paths, line numbers, log prefixes. */
export function ortMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const clean = text
    .replace(/\[[A-Z]:onnxruntime[^\]]*\]\s*/g, '')
    .replace(/\S+\.(?:cc|cpp|cu|h|hpp):\d+\s*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return clean.length > MAX_MESSAGE_LENGTH ? `${clean.slice(0, MAX_MESSAGE_LENGTH)}…` : clean;
}

/** True where the runtime failed for want of memory, which says nothing about the inputs. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /failed to allocate memory|bad_alloc|out of memory|Array buffer allocation failed/i.test(error.message)
  );
}
