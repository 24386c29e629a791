import type { DatasetVersionId } from '../../datasets/datasets';
import type { Transaction } from '../../kernel/database/sql';
import { CONTEXT_TAG, type DescribedDataset } from './described-dataset';
import type { Run } from '../run';

/** Writes what runs read. */
export class RunInputStore {
  /** @param versionIds of each of the datasets; gives those that are new to the run, and how many it has then */
  async add(
    tx: Transaction,
    { id, projectId }: Run,
    datasets: readonly DescribedDataset[],
    versionIds: readonly DatasetVersionId[],
  ): Promise<{ readonly added: readonly DatasetVersionId[]; readonly total: number }> {
    const rows = await tx.query<{ id: DatasetVersionId }>(
      `/* tracking.addInputs */ INSERT INTO run_dataset
         (run_id, project_id, dataset_version_id, context, name, digest, source_type, source, schema, profile, tags)
       SELECT $1::uuid, $2::uuid, one.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
         $8::text[], $9::text[], $10::text[], $11::jsonb[]) AS one
       ON CONFLICT (run_id, dataset_version_id) DO NOTHING RETURNING dataset_version_id AS id`,
      [
        ...[id, projectId, versionIds],
        datasets.map(({ tags }) => tags.find(({ key }) => key === CONTEXT_TAG)?.value ?? ''),
        datasets.map(({ name }) => name),
        datasets.map(({ digest }) => digest),
        datasets.map(({ sourceType }) => sourceType),
        datasets.map(({ source }) => source),
        datasets.map(({ schema }) => schema),
        datasets.map(({ profile }) => profile),
        datasets.map(({ tags }) =>
          JSON.stringify(Object.fromEntries(tags.map(({ key, value }) => [key, value]))),
        ),
      ],
    );
    const [count] = await tx.query<{ total: number }>(
      '/* tracking.countInputs */ SELECT count(*)::int AS total FROM run_dataset WHERE run_id = $1',
      [id],
    );
    return { added: rows.map((row) => row.id), total: count?.total ?? 0 };
  }
}
