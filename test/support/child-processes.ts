import { readdirSync, readFileSync } from 'node:fs';

/** Of a process: its state, such as T for stopped, and who started it. Null once it has ended. */
function factsOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const [state = '', parent] =
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

export const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && factsOf(pid)?.parent === parent);

export const isFrozen = (pid: number): boolean => factsOf(pid)?.state === 'T';
