import { MIGRATIONS } from './migrations/all';
import { ENTITIES } from './src/entities';
import { createDataSource } from './src/kernel/database/data-source';

/**
 * For TypeORM's command line (`npx typeorm … -d dist/ormconfig.js`), which works on a server's database. The embedded
 * database belongs to the running server and is migrated by it.
 */
export default createDataSource({
  connection: { url: process.env.DATABASE_URL ?? 'postgres://127.0.0.1:5432/modelgraph' },
  entities: ENTITIES,
  migrations: MIGRATIONS,
});
