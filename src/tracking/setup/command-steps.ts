import { plainStep } from './file-steps';
import type { KnownOfRun } from './known-of-run';
import type { MissingFact, Part, ReproductionStep } from './reproduction-step';
import { HIDDEN } from './secret-words';
import { shellWord, shellWords } from './shell-words';
import { isPlainText } from './step-text';

/** Most params that a description names. */
const MAX_SHOWN = 20;

/** The command, where it was given, with the variables that it saw. */
export function commandSteps(known: KnownOfRun): Part {
  const { environment, seeds, code } = known;
  const { words, missing } = wordsOf(known);
  const folder = code?.workingDirectory ?? '.';
  const change = folder === '.' ? '' : `cd -- ${shellWord(folder)}\n`;
  const run = words && plainStep('RUN_COMMAND', describedRun(known), `${change}${shellWords(words)}`);
  return {
    steps: [...variableSteps(environment.variables), ...(run ? [run] : [])],
    missing: [...missing, ...secretsIn(words ?? []), ...(seeds.length === 0 ? [NO_SEED] : [])],
  };
}

const NO_SEED: MissingFact = {
  kind: 'SEED',
  message: 'No seed was told: what draws random numbers may come out otherwise.',
  isBlocking: false,
};

function variableSteps(variables: KnownOfRun['environment']['variables']): readonly ReproductionStep[] {
  if (variables.length === 0) return [];
  // Names are letters, digits and _: those that are not were refused.
  const exports = variables.map(({ key, value }) => `export ${key}=${shellWord(value)}`);
  return [plainStep('SET_VARIABLES', 'The environment variables that were told.', exports.join('\n'))];
}

/** The command as it was told, or what can be made of its entry point. */
function wordsOf({ code, environment }: KnownOfRun): {
  readonly words: readonly string[] | null;
  readonly missing: readonly MissingFact[];
} {
  const { command = null, entryPoint = null } = code ?? {};
  if (command) return { words: command, missing: [] };
  const program = environment.language === 'python' ? 'python' : environment.language;
  if (entryPoint === null || !isPlainText(entryPoint) || (program !== 'python' && program !== 'node'))
    return { words: null, missing: [noCommand('The command that was run was not told.', true)] };
  const message = `Of the command only “${entryPoint}” was told: arguments, if there were some, are not known.`;
  const file = entryPoint.startsWith('-') ? `./${entryPoint}` : entryPoint;
  return { words: [program, file], missing: [noCommand(message, false)] };
}

const noCommand = (message: string, isBlocking: boolean): MissingFact => ({
  ...{ kind: 'COMMAND', message, isBlocking },
});

function secretsIn(words: readonly string[]): readonly MissingFact[] {
  return words.flatMap((word, index): MissingFact[] => {
    if (word !== HIDDEN && !word.endsWith(`=${HIDDEN}`)) return [];
    const name = word === HIDDEN ? (words[index - 1] ?? '') : word.slice(0, word.indexOf('='));
    const message = `The value of ${name} is secret and was not kept: put it in the place of ${HIDDEN}.`;
    return [{ kind: 'SECRET', message, isBlocking: true }];
  });
}

function describedRun({ params, seeds }: KnownOfRun): string {
  const given = params.slice(0, MAX_SHOWN).map(({ key, value }) => `${key}=${value}`);
  const more = params.length > MAX_SHOWN ? `, and ${params.length - MAX_SHOWN} more` : '';
  const drawn = seeds.map(({ name, value }) => `${name}=${value}`);
  const parts = [
    ...(given.length > 0 ? [`params ${given.join(', ')}${more}`] : []),
    ...(drawn.length > 0 ? [`seeds ${drawn.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'The command.' : `The command; it had ${parts.join('; ')}.`;
}
