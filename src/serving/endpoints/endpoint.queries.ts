import { toPage, type Page, type PageRequest } from '../../kernel/cursor';
import { attributeFilterSql } from '../../kernel/filter/filter-sql';
import type { ProjectId } from '../../kernel/ids';
import { isStorable, type SqlRunner } from '../../kernel/database/sql';
import type { Endpoint, EndpointId } from './endpoint';
import { completeRouting, type EndpointRouting, type GivenRouting } from './endpoint-routing';
import { completeSettings, type GivenSettings } from './endpoint-settings';

const ENDPOINT = `SELECT endpoint.id, endpoint.project_id AS "projectId", endpoint.name, endpoint.revision, endpoint.settings,
  endpoint.routing,
  coalesce((SELECT json_agg(json_build_object('name', variant.name, 'ref', variant.ref, 'weight', variant.weight,
    'shadow', variant.shadow, 'instances', variant.instances) ORDER BY variant.position)
    FROM endpoint_variant variant WHERE variant.endpoint_id = endpoint.id), '[]') AS variants
  FROM endpoint`;

type EndpointRow = Omit<Endpoint, 'settings' | keyof EndpointRouting> & {
  readonly settings: GivenSettings;
  readonly routing: GivenRouting;
};
const endpointOf = ({ settings, routing, ...row }: EndpointRow): Endpoint => ({
  ...row,
  settings: completeSettings(settings),
  ...completeRouting(routing),
});

export class ServingQueries {
  constructor(private readonly sql: SqlRunner) {}

  /**
   * Every endpoint of every project: the routes of a process. There may be thousands, and few have changed: those are
   * read as a whole.
   *
   * @param before as they were read last
   */
  async allEndpoints(before: readonly Endpoint[]): Promise<readonly Endpoint[]> {
    const rows = await this.sql.query<Pick<Endpoint, 'id' | 'revision'>>(
      '/* serving.revisions */ SELECT id, revision FROM endpoint',
    );
    const known = new Map(before.map((endpoint) => [endpoint.id, endpoint]));
    const hasChanged = ({ id, revision }: (typeof rows)[number]) => known.get(id)?.revision !== revision;
    const changed = await this.endpointsAnywhere(rows.filter(hasChanged).map(({ id }) => id));
    const read = new Map(changed.map((endpoint) => [endpoint.id, endpoint]));
    return rows.flatMap((row) => (hasChanged(row) ? read : known).get(row.id) ?? []); // else it has gone since
  }

  private async endpointsAnywhere(ids: readonly EndpointId[]): Promise<readonly Endpoint[]> {
    if (ids.length === 0) return [];
    const rows = await this.sql.query<EndpointRow>(
      `/* serving.endpointsAnywhere */ ${ENDPOINT} WHERE endpoint.id = ANY($1)`,
      [ids],
    );
    return rows.map(endpointOf);
  }

  async endpointByName(projectId: ProjectId, name: string): Promise<Endpoint | null> {
    if (!isStorable(name)) return null;
    const [row] = await this.sql.query<EndpointRow>(
      `/* serving.endpointByName */ ${ENDPOINT} WHERE endpoint.project_id = $1 AND endpoint.name = $2`,
      [projectId, name],
    );
    return row ? endpointOf(row) : null;
  }

  async endpointsByIds(projectId: ProjectId, ids: readonly EndpointId[]): Promise<(Endpoint | null)[]> {
    const rows = await this.sql.query<EndpointRow>(
      `/* serving.endpointsByIds */ ${ENDPOINT} WHERE endpoint.project_id = $1 AND endpoint.id = ANY($2)`,
      [projectId, ids],
    );
    const found = new Map(rows.map((row) => [row.id, endpointOf(row)]));
    return ids.map((id) => found.get(id) ?? null);
  }

  /** Pages of endpoints, by name. */
  async endpoints(projectId: ProjectId, filter: string | null, page: PageRequest): Promise<Page<Endpoint>> {
    const [afterName] = page.after ?? [null];
    const parameters: unknown[] = [projectId, page.first + 1, afterName];
    const where = attributeFilterSql(filter, { name: 'endpoint.name' }, parameters);
    const rows = await this.sql.query<EndpointRow>(
      `/* serving.endpoints */ ${ENDPOINT}
       WHERE endpoint.project_id = $1 AND ($3::text IS NULL OR endpoint.name > $3) AND ${where}
       ORDER BY endpoint.name LIMIT $2`,
      parameters,
    );
    return toPage(rows.map(endpointOf), page, ({ name }) => [name]);
  }
}
