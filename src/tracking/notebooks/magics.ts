import { QuotedLines } from './quoted-lines';
import type { ScriptLanguage } from './script-language';

/**
 * Lines for the kernel become comments, so that the script is one of its language: `%time f()`, `!pip install`, `f?`.
 * What is a comment of such a line already gets one sign more, and so can be told from it on the way back.
 */
export function withCommentedMagics(source: readonly string[], language: ScriptLanguage): string[] {
  const quoted = new QuotedLines(language);
  let goesOn = false;
  return source.map((line) => {
    const isForKernel = !quoted.isOpen && (goesOn || isMagic(line, language));
    quoted.read(line);
    if (!isForKernel) return line;
    const indent = goesOn ? '' : (/^\s*/.exec(line)?.[0] ?? '');
    goesOn = language.name === 'python' && line.trimEnd().endsWith('\\');
    return `${indent}${language.comment} ${line.slice(indent.length)}`;
  });
}

/** Whether the line is for the kernel, or was, before somebody made a comment of it. */
export function isMagic(line: string, language: ScriptLanguage): boolean {
  if (!language.hasMagics) return false;
  const bare = uncommented(line, language);
  switch (language.name) {
    case 'rust':
      return /^:[a-zA-Z]/.test(bare);
    case 'csharp':
      return /^#![a-zA-Z]/.test(bare);
    case 'go':
      return /^(?:!\*?|%{1,3})[a-zA-Z]/.test(bare);
  }
  const unindented = uncommented(line.trimStart(), language);
  if (/^%{1,3}[a-zA-Z]/.test(unindented)) return !keepsAsItIs(unindented, language.comment);
  return language.name === 'python' && isPythonMagic(line, bare);
}

/** Whoever writes `# noescape` behind a magic wants it in the script. */
function keepsAsItIs(magic: string, comment: string): boolean {
  const word = magic.indexOf('noescape');
  return word >= 0 && magic.slice(0, word).trimEnd().endsWith(comment);
}

/** What IPython takes though it has no `%`: help, commands of the system, and values that come from either. */
function isPythonMagic(line: string, bare: string): boolean {
  const called = withoutLeadingComment(line.trimStart());
  if (/^[?!]\s*[A-Za-z.~$\\/{}]/.test(called)) return true;
  if (/^\s*[a-zA-Z_][a-zA-Z_$0-9]*\s*=\s*(?:%{1,3}|!)[a-zA-Z]/.test(bare)) return true;
  if (isHelp(line)) return true;
  const [, command, next = ''] = /^([a-z]+)(\s[\s\S]?)?/.exec(bare) ?? [];
  if (command === undefined || !SYSTEM_COMMANDS.has(command)) return false;
  return next.length > 1 ? !'=,'.includes(next.charAt(1)) : bare.length === command.length + next.length;
}

/** `f?` and `f??`: one word and a question mark, commented out or not. */
function isHelp(line: string): boolean {
  const word = line.trim().replace(/^(?:# )+/, '');
  return word.endsWith('?') && !/\s/.test(word);
}

/** What is a command when it stands alone, and a name when something is assigned to it or taken of it. */
const SYSTEM_COMMANDS: ReadonlySet<string> = new Set([
  ...['cat', 'cd', 'cp', 'mv', 'rm', 'rmdir', 'mkdir'],
  ...['copy', 'ddir', 'echo', 'ls', 'ldir', 'ren'],
]);

/** The line without comment signs before it, and a blank behind each of them. */
function uncommented(line: string, { comment }: ScriptLanguage): string {
  let at = 0;
  while (line.startsWith(comment, at)) {
    at += comment.length;
    if (line[at] === ' ') at += 1;
  }
  return line.slice(at);
}

const withoutLeadingComment = (line: string): string => line.replace(/^(?:#+ ?)+/, '').trimStart();
