export const FILTER_ENTITIES = ['attributes', 'metrics', 'params', 'tags', 'datasets'] as const;
export type FilterEntity = (typeof FILTER_ENTITIES)[number];

export const COMPARISON_OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'LIKE', 'ILIKE'] as const;
export type ComparisonOperator = (typeof COMPARISON_OPERATORS)[number];

export type FilterValue = string | number;

/** What rows are compared or sorted by: an attribute of the row, or one of its metrics, params, tags or datasets. */
export interface FilterKey {
  readonly entity: FilterEntity;
  readonly key: string;
  /** Where it stands in the text: the first character is 1. */
  readonly position: number;
}

/** `key operator value`. */
export interface Comparison extends FilterKey {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  /** NOT LIKE and NOT ILIKE; the other operators have opposites of their own. */
  readonly isNegated: boolean;
  readonly value: FilterValue;
}

/** `key IN (a, b)`; at least one value. */
export interface Membership extends FilterKey {
  readonly kind: 'in';
  readonly isNegated: boolean;
  readonly values: readonly FilterValue[];
}

/** `key BETWEEN low AND high`, both included. */
export interface Range extends FilterKey {
  readonly kind: 'between';
  readonly isNegated: boolean;
  readonly low: FilterValue;
  readonly high: FilterValue;
}

/** `key IS NULL`, or negated `key IS NOT NULL`: whether a row has it at all. */
export interface Absence extends FilterKey {
  readonly kind: 'null';
  readonly isNegated: boolean;
}

/** `key MATCHES 'some words'`: words of a text, in the manner of a web search. */
export interface TextMatch extends FilterKey {
  readonly kind: 'matches';
  readonly isNegated: boolean;
  readonly words: string;
}

/** One question about one key of a row. */
export type Predicate = Comparison | Membership | Range | Absence | TextMatch;

/** Questions joined by AND, OR and NOT. AND and OR have two children or more. */
export type FilterNode =
  | Predicate
  | { readonly kind: 'and' | 'or'; readonly children: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly child: FilterNode };

export interface SortKey extends FilterKey {
  readonly direction: 'ASC' | 'DESC';
}

/** The parts that must all hold: those of an AND, else the whole; none of an empty filter. */
export function conjunctsOf(filter: FilterNode | null): readonly FilterNode[] {
  if (filter === null) return [];
  return filter.kind === 'and' ? filter.children.flatMap(conjunctsOf) : [filter];
}
