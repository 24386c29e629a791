import type { ProjectId } from '../../kernel/ids';
import type { SqlRunner } from '../../kernel/database/sql';
import type { ReferenceUser, ReferenceUsers } from '../../registry/registry';

/** Tells the registry which endpoints name a model, shadows included. */
export class EndpointReferences implements ReferenceUsers {
  usersOf(sql: SqlRunner, projectId: ProjectId, model: string): Promise<readonly ReferenceUser[]> {
    return sql.query<ReferenceUser>(
      `/* serving.referenceUsers */ SELECT endpoint.name AS endpoint, variant.ref
       FROM endpoint_variant variant JOIN endpoint ON endpoint.id = variant.endpoint_id
       WHERE variant.project_id = $1 AND split_part(variant.ref, '@', 1) = $2 ORDER BY endpoint.name, variant.position`,
      [projectId, model],
    );
  }
}
