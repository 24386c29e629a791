import { filterError } from '../../kernel/filter/filter';
import type { SortKey } from '../../kernel/filter/filter-tree';
import { NUMBER_SORT, TEXT_SORT, TIME_SORT, type KeysetSort } from '../../kernel/database/keyset';
import { attributeOf, attributeOfTag, EXPECTED_NAMES, type RunAttribute } from './run-attributes';
import type { RunFact } from './run-fact-sql';

/** What runs are sorted by; a run that does not have it has null, and comes last. */
export interface RunSort extends KeysetSort {
  readonly fact: RunFact;
  /** The SQL that is sorted by, of the fact's value. */
  readonly expression: (value: string) => string;
}

const asText = (value: string) => `${value} COLLATE "C"`;
const asItIs = (value: string) => value;

const ATTRIBUTE_ORDERS = {
  text: { type: TEXT_SORT, expression: asText },
  time: { type: TIME_SORT, expression: asItIs },
  id: { type: TEXT_SORT, expression: (value: string) => `${value}::text COLLATE "C"` },
} as const;

/** Throws BAD_USER_INPUT, with the position, for what runs cannot be sorted by. */
export function runSort({ entity, key, direction, position }: SortKey): RunSort {
  switch (entity) {
    case 'metrics':
      return {
        fact: { kind: 'metric', key },
        direction,
        type: NUMBER_SORT,
        isOfAll: false,
        expression: (value) => `NULLIF(${value}, 'NaN')`, // NaN sorts as if there were none
      };
    case 'params':
      return { fact: { kind: 'param', key }, direction, type: TEXT_SORT, isOfAll: false, expression: asText };
    case 'tags':
      if (attributeOfTag(key)) return attributeSort(attributeOfTag(key), key, direction, position);
      return { fact: { kind: 'tag', key }, direction, type: TEXT_SORT, isOfAll: false, expression: asText };
    case 'datasets':
      throw filterError('orderBy', 'an attribute, a metric, a param or a tag', position, key);
    case 'attributes':
      return attributeSort(attributeOf(key), key, direction, position);
  }
}

function attributeSort(
  attribute: RunAttribute | undefined,
  key: string,
  direction: RunSort['direction'],
  position: number,
): RunSort {
  switch (attribute?.kind) {
    case undefined:
      throw filterError('orderBy', EXPECTED_NAMES, position, key);
    case 'tag':
      return { fact: attribute, direction, type: TEXT_SORT, isOfAll: false, expression: asText };
    case 'text':
    case 'time':
    case 'id':
      return {
        fact: { kind: 'attribute', column: attribute.column },
        direction,
        isOfAll: !attribute.isOptional,
        ...ATTRIBUTE_ORDERS[attribute.kind],
      };
  }
}
