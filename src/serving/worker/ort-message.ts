/** Longest sentence of the runtime that is passed on, in characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** What stands before and after a failure of CUDA: the signature of the function that noticed, this machine's name. */
const CUDA_SIGNATURE = /std::conditional_t<[^>]*> onnxruntime::\w+\([^)]*\) \[with [^\]]*\]\s*/g;
const CUDA_PLACE = /\s*;\s*GPU=[^;]*;\s*hostname=[^;]*;\s*file=[^;]*;\s*line=[^;]*;\s*expr=[^;]*;?/g;

/** The runtime's sentence without what only its own developers need: source paths, line numbers, log prefixes. */
export function ortMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const clean = text
    .replace(/\[[A-Z]:onnxruntime[^\]]*\]\s*/g, '')
    .replace(/\S+\.(?:cc|cpp|cu|h|hpp):\d+\s*/g, '')
    .replace(CUDA_SIGNATURE, '')
    .replace(CUDA_PLACE, '')
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
