import type { DataProfile } from '../data-profile';
import { compareRows } from './compare-rows';
import { formatOf } from './file-format';
import type { Job, JobResults, ProfileJob } from './jobs';
import { READING_LIMITS, type ReadingLimits } from './limits';
import { profileColumn } from './profile-column';
import { messageOf, Scratch } from './scratch';
import { splitRows } from './split-rows';
import { stage } from './stage';
import { Unreadable } from './unreadable';

/**
 * Does one job.
 *
 * @param folder does not exist yet, and does not any more afterwards
 * @throws Unreadable where the data is not what it should be
 */
export async function perform(
  job: Job,
  folder: string,
  { databaseMib }: ReadingLimits = READING_LIMITS,
): Promise<JobResults[Job['kind']]> {
  const files = job.kind === 'compare' ? [job.fromPath, job.toPath] : [job.path];
  const scratch = await Scratch.open(folder, files, databaseMib);
  try {
    return await performIn(scratch, job);
  } catch (error) {
    throw await readable(error, files);
  } finally {
    await scratch.close();
  }
}

function performIn(scratch: Scratch, job: Job): Promise<JobResults[Job['kind']]> {
  switch (job.kind) {
    case 'profile':
      return profile(scratch, job);
    case 'compare':
      return compareRows(scratch, job);
    case 'split':
      return splitRows(scratch, job);
  }
}

async function profile(scratch: Scratch, { path }: ProfileJob): Promise<DataProfile> {
  const table = await stage(scratch, path, 'data');
  const columns = [];
  for (const column of table.columns) columns.push(await profileColumn(scratch, table, column));
  return { format: table.format, rowCount: table.rowCount, columns };
}

/** What DuckDB says of data, as our own refusal; it names files of ours and settings that nobody here can set. */
async function readable(error: unknown, files: readonly string[]): Promise<unknown> {
  if (error instanceof Unreadable) return error;
  const message = messageOf(error);
  if (/^Out of Memory Error|No space left|exceeds the maximum/i.test(message))
    return new Unreadable(
      'TOO_LARGE_TO_READ',
      'The table does not fit in the memory that one reading may take.',
    );
  // Our own mistakes are not the data's doing.
  const isAboutData =
    /^(Invalid( Input)?|Conversion|Out of Range|IO|Serialization|TProtocolException)\b/.test(message);
  const [file] = files;
  if (!isAboutData || file === undefined) return error;
  const [sentence = ''] = message.replace(/"?\/[^\s"']+"?/g, 'the file').split('\n');
  return new Unreadable(`INVALID_${await formatOf(file)}`, `${sentence.trim().replace(/\.$/, '')}.`);
}
