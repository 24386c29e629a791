import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { Figure, Measured } from './benchmark';
import { figures } from './statistics';

/** The table of README.md is between these. */
const BEGIN = '<!-- results: begin (written by `npm run bench`) -->';
const END = '<!-- results: end -->';

interface Result extends Measured {
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

export function resultOf(name: string, measured: Measured): Result {
  return {
    name,
    measuredAt: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      node: process.version,
    },
    ...measured,
  };
}

/** Writes the results, and the README's table from all that there are, those of earlier runs included. */
export async function keepResults(folder: string, names: readonly string[], results: readonly Result[]) {
  const resultFolder = join(folder, 'results');
  await mkdir(resultFolder, { recursive: true });
  for (const result of results) {
    await writeFile(join(resultFolder, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  }
  const all = await Promise.all(names.map((name) => readResult(join(resultFolder, `${name}.json`))));
  const readme = join(folder, 'README.md');
  const page = await readFile(readme, 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${readme} has lost the lines between which its table goes.`);
  const tables = tablesOf(all.filter((result) => result !== null));
  await writeFile(readme, `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`);
}

/** Asked and reached, then what was seen; aligned as Prettier would do it. */
export function tablesOf(results: readonly Result[]): string {
  const asked = results.flatMap((result) => result.figures.map((figure) => askedRow(figure, result)));
  const seen = results.flatMap((result) => result.seen.map(({ who, what }) => [who, what]));
  return [
    table(['what', 'asked', 'reached', '', 'measured on'], asked),
    table(['seen', 'median of the rounds'], seen),
  ].join('\n\n');
}

function askedRow(
  { what, unit, asked, atMost = false, reached }: Figure,
  { machine, measuredAt }: Result,
): string[] {
  return [
    what,
    `${atMost ? '≤' : '≥'} ${figures(asked)} ${unit}`,
    `${figures(reached)} ${unit}`,
    (atMost ? reached <= asked : reached >= asked) ? 'reached' : '**not reached**',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${measuredAt.slice(0, 10)}`,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

async function readResult(file: string): Promise<Result | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
