import { rmdirSync } from 'node:fs';

/**
 * Removes the empty folder that was made for this process, where the parent is gone and cannot. One that is not
 * empty stays: nothing of ours is in it.
 */
export function removeOwnFolder(): void {
  try {
    rmdirSync(process.cwd());
  } catch {
    // A parent that left in order has removed it already.
  }
}
