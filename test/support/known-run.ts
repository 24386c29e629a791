import type { FilterNode, FilterValue, Predicate, SortKey } from '../../src/kernel/filter/filter-tree';

/** A run as a test knows it, so that it can say by itself what a search must find. */
export interface KnownRun {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** Whether the run is found: true or false, nothing between. */
export function isFound(run: KnownRun, node: FilterNode | null): boolean {
  if (node === null) return true;
  switch (node.kind) {
    case 'and':
      return node.children.every((child) => isFound(run, child));
    case 'or':
      return node.children.some((child) => isFound(run, child));
    case 'not':
      return !isFound(run, node.child);
    default:
      return answer(valueOf(run, node), node);
  }
}

function valueOf(run: KnownRun, { entity, key }: Pick<SortKey, 'entity' | 'key'>): FilterValue | null {
  if (entity === 'metrics') return run.metrics[key] ?? null;
  if (entity === 'params') return run.params[key] ?? null;
  if (entity === 'tags') return run.tags[key] ?? null;
  const attributes: Readonly<Record<string, FilterValue | null>> = {
    name: run.name,
    status: run.status,
    start_time: run.startedAtMs,
    end_time: run.endedAtMs,
    note: run.tags['mlflow.note.content'] ?? null,
  };
  return attributes[key] ?? null;
}

function answer(value: FilterValue | null, predicate: Predicate): boolean {
  if (predicate.kind === 'null') return (value === null) !== predicate.isNegated;
  if (value === null) return false;
  switch (predicate.kind) {
    case 'in':
      return predicate.values.includes(value) !== predicate.isNegated;
    case 'between':
      if (Number.isNaN(value)) return false;
      return (value >= predicate.low && value <= predicate.high) !== predicate.isNegated;
    case 'matches':
      return String(value).split(' ').includes(predicate.words) !== predicate.isNegated;
    case 'comparison':
      return compared(value, predicate.operator, predicate.value) !== predicate.isNegated;
  }
}

function compared(left: FilterValue, operator: string, right: FilterValue): boolean {
  const operators: Readonly<Record<string, () => boolean>> = {
    '=': () => left === right,
    '!=': () => left !== right,
    '<': () => left < right,
    '<=': () => left <= right,
    '>': () => left > right,
    '>=': () => left >= right,
    LIKE: () => isLike(String(left), String(right), 'su'),
    ILIKE: () => isLike(String(left), String(right), 'siu'),
  };
  return operators[operator]?.() ?? false;
}

function isLike(text: string, pattern: string, flags: string): boolean {
  const parts = Array.from(pattern, (one) =>
    one === '%' ? '.*' : one === '_' ? '.' : one.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
  );
  return new RegExp(`^${parts.join('')}$`, flags).test(text);
}

/** What is sorted by keys: without a value last, then the newest id first. */
export function inOrder(runs: readonly KnownRun[], keys: readonly SortKey[]): readonly KnownRun[] {
  const rank = (run: KnownRun, key: SortKey) => {
    const value = valueOf(run, key);
    return value === null || Number.isNaN(value) ? null : value;
  };
  return [...runs].sort((left, right) => {
    for (const key of keys) {
      const [a, b] = [rank(left, key), rank(right, key)];
      if (a === b) continue;
      if (a === null || b === null) return a === null ? 1 : -1;
      if (a !== b) return a < b === (key.direction === 'ASC') ? -1 : 1;
    }
    return left.id < right.id ? 1 : -1;
  });
}
