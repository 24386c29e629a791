import { setFlagsFromString } from 'node:v8';

/**
 * How much may be added to what lives before the engine looks for garbage everywhere, in percent of it. Bodies of
 * requests count as added, and the engine would let a heap that hardly changes grow by a tenth only: with pictures of
 * 600 kB it marked 60 MB of code and schema again after every 15 requests, which took a third of the server's time.
 */
const GROWTH_PERCENT = 100;

/** For the whole process; sizes up to which a heap may grow at all stay as they are. */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
