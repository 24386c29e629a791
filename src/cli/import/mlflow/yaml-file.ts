import { readFile } from 'node:fs/promises';
import { load, YAML11_SCHEMA } from 'js-yaml';
import type { JsonObject } from '../json-fields';

/** Of a file that describes one thing, in characters: a dataset's profile is the longest of what is in them. */
const MAX_LENGTH = 20_000_000;
/** Of what stands in each other; MLflow's files have two such. */
const MAX_DEPTH = 20;
/** MLflow's files have none; a few that name each other stand for gigabytes, or for themselves. */
const MAX_ALIASES = 0;

/**
 * What a file of MLflow's says. It is written by a reader of YAML 1.1, for which other words stand for numbers than for
 * one of 1.2. Null where there is no such file. Throws where it is no YAML.
 */
export async function yamlIn(path: string): Promise<JsonObject | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (text === null) return null;
  if (text.length > MAX_LENGTH) throw new BadFile(path, `it has more than ${MAX_LENGTH} characters`);
  try {
    const value: unknown = load(text, {
      schema: YAML11_SCHEMA,
      maxDepth: MAX_DEPTH,
      maxAliases: MAX_ALIASES,
    });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (error) {
    throw new BadFile(path, (error as Error).message.split('\n')[0] ?? '');
  }
  throw new BadFile(path, 'it holds no keys and values');
}

/** A file that cannot be what it should be. */
export class BadFile extends Error {
  constructor(
    readonly path: string,
    why: string,
  ) {
    super(`${path} cannot be read: ${why}.`);
  }
}
