import { bind } from '../../kernel/filter/filter-sql';

/** Something that a run has, or has not. */
export type RunFact =
  | { readonly kind: 'metric' | 'param' | 'tag'; readonly key: string }
  | { readonly kind: 'attribute'; readonly column: string }
  | { readonly kind: 'dataset'; readonly column: string };

/** Where a statement over `run r` finds the values of facts. */
export interface RunFactSql {
  /** The SQL of what `use` makes of the fact's value; null for a run that does not have it. */
  of(fact: RunFact, use: (value: string) => string): string;
}

const TABLES = {
  metric: { name: 'metric_series', value: 'last_value', condition: "AND f.subject = ''" },
  param: { name: 'run_param', value: 'value', condition: '' },
  tag: { name: 'run_tag', value: 'value', condition: '' },
} as const;

const OF_DATASETS = `run_dataset x JOIN dataset_version v ON v.id = x.dataset_version_id
  JOIN dataset d ON d.id = v.dataset_id`;

/**
 * One look into an index for each fact of each run that is asked about: a subquery that gives one value is never
 * turned into a join, so what it costs does not depend on what the planner believes.
 *
 * @param id the SQL of the run's id
 */
export function lookups(id: string, parameters: unknown[]): RunFactSql {
  return {
    of: (fact, use) => {
      if (fact.kind === 'attribute') return use(attributeSql('r', fact.column));
      if (fact.kind === 'dataset') return datasetSql(id, use(fact.column));
      const { name, value, condition } = TABLES[fact.kind];
      return `(SELECT ${use(`f.${value}`)} FROM ${name} f
        WHERE f.run_id = ${id} AND f.key = ${bind(parameters, fact.key, 'text')} ${condition})`;
    },
  };
}

/** One join for each fact, for statements that must look at most runs anyway. `$1` is the project. */
export class RunFactJoins implements RunFactSql {
  private readonly aliases = new Map<string, string>();
  private readonly parts: string[] = [];

  constructor(private readonly parameters: unknown[]) {}

  /** The joins of all facts that were asked for. */
  get sql(): string {
    return this.parts.join(' ');
  }

  of(fact: RunFact, use: (value: string) => string): string {
    if (fact.kind === 'attribute') return use(attributeSql('r', fact.column));
    if (fact.kind === 'dataset') return datasetSql('r.id', use(fact.column));
    const { name, value, condition } = TABLES[fact.kind];
    const known = `${fact.kind}.${fact.key}`;
    const alias = this.aliases.get(known) ?? `f${this.aliases.size}`;
    if (!this.aliases.has(known)) {
      this.aliases.set(known, alias);
      const on = `f.run_id = r.id AND f.project_id = $1 AND f.key = ${bind(this.parameters, fact.key, 'text')} ${condition}`;
      this.parts.push(`LEFT JOIN ${name} ${alias} ON ${on.replaceAll('f.', `${alias}.`)}`);
    }
    return use(`${alias}.${value}`);
  }
}

/** Of a row of runs; a column may be a part of another one. */
export const attributeSql = (row: string, column: string): string => `(${row}.${column})`;

const datasetSql = (id: string, condition: string) =>
  `(SELECT TRUE FROM ${OF_DATASETS} WHERE x.run_id = ${id} AND ${condition} LIMIT 1)`;
