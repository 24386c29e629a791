/** Words that a shell takes as they are, wherever they stand. */
const PLAIN = /^[A-Za-z0-9_./:@%+,][A-Za-z0-9_./:@%+,-]*$/;
/** Options may have an equals sign; a first word that had one would be an assignment. */
const PLAIN_OPTION = /^--?[A-Za-z0-9][A-Za-z0-9_./:@%+,=-]*$/;
/** What a POSIX shell, or bash, reads as its grammar where a command begins. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', 'in'],
  ...['function', 'select', 'time', 'coproc'],
]);

/** A text as one word of a POSIX shell, whatever is in it; it may have lines, and no U+0000. */
export function shellWord(text: string): string {
  const isPlain = (PLAIN.test(text) || PLAIN_OPTION.test(text)) && !RESERVED.has(text);
  return isPlain ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export const shellWords = (words: readonly string[]): string => words.map(shellWord).join(' ');

/** A path as a word that no program takes for an option. */
export const shellPath = (path: string): string => shellWord(path.startsWith('-') ? `./${path}` : path);
