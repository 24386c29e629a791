/** How a language's scripts look: their suffix, and how it marks a comment. */
export interface ScriptLanguage {
  /** The usual name, in lower case but for R. */
  readonly name: string;
  readonly suffix: string;
  readonly comment: string;
  /** Where a comment must be closed: what closes it; else empty. */
  readonly commentEnd: string;
  /** Whether lines such as `%time` are for the kernel and not for the language. */
  readonly hasMagics: boolean;
}

/** Suffix, comment, what ends it. The same as Jupytext's, so that its users can go on from the script. */
const WITH_MAGICS: Readonly<Record<string, readonly [string, string, string?]>> = {
  python: ['.py', '#'],
  coconut: ['.coco', '#'],
  R: ['.R', '#'],
  julia: ['.jl', '#'],
  'c++': ['.cpp', '//'],
  scheme: ['.ss', ';;'],
  clojure: ['.clj', ';;'],
  bash: ['.sh', '#'],
  powershell: ['.ps1', '#'],
  q: ['.q', '/'],
  'wolfram language': ['.wolfram', '(*', '*)'],
  idl: ['.pro', ';'],
  javascript: ['.js', '//'],
  typescript: ['.ts', '//'],
  scala: ['.scala', '//'],
  rust: ['.rs', '//'],
  robotframework: ['.robot', '#'],
  csharp: ['.cs', '//'],
  fsharp: ['.fsx', '//'],
  sos: ['.sos', '#'],
  java: ['.java', '//'],
  groovy: ['.groovy', '//'],
  sage: ['.sage', '#'],
  ocaml: ['.ml', '(*', '*)'],
  haskell: ['.hs', '--'],
  tcl: ['.tcl', '#'],
  maxima: ['.mac', '/*', '*/'],
  gnuplot: ['.gp', '#'],
  stata: ['.do', '//'],
  xonsh: ['.xsh', '#'],
  lua: ['.lua', '--'],
  go: ['.go', '//'],
};

/** The same of languages in which `%` begins something of their own, and of some that Jupytext has no format for. */
const WITHOUT_MAGICS: Readonly<Record<string, readonly [string, string, string?]>> = {
  matlab: ['.m', '%'],
  sas: ['.sas', '/*', '*/'],
  logtalk: ['.lgt', '%'],
  ruby: ['.rb', '#'],
  perl: ['.pl', '#'],
  php: ['.php', '//'],
  kotlin: ['.kts', '//'],
  swift: ['.swift', '//'],
  sql: ['.sql', '--'],
  elixir: ['.exs', '#'],
};

const tableOf = (languages: typeof WITH_MAGICS, hasMagics: boolean) =>
  Object.entries(languages).map(([name, [suffix, comment, commentEnd = '']]): [string, ScriptLanguage] => [
    name,
    { name, suffix, comment, commentEnd, hasMagics },
  ]);
const LANGUAGES: ReadonlyMap<string, ScriptLanguage> = new Map([
  ...tableOf(WITH_MAGICS, true),
  ...tableOf(WITHOUT_MAGICS, false),
]);

/** Names under which kernels tell of the same language. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['r', 'R'],
  ['octave', 'matlab'],
  ['cs', 'csharp'],
  ['c#', 'csharp'],
  ['fs', 'fsharp'],
  ['f#', 'fsharp'],
  ['sagemath', 'sage'],
  ['ipython', 'python'],
]);

/** The usual name of a language: `R` of `r`, `c++` of `C++17`. */
export function usualLanguage(language: string): string {
  const lower = language.toLowerCase();
  return lower.startsWith('c++') ? 'c++' : (SYNONYMS.get(lower) ?? lower);
}

/** Null where nobody here knows how it marks a comment. */
export const scriptLanguage = (language: string): ScriptLanguage | null =>
  LANGUAGES.get(usualLanguage(language)) ?? null;

/** What a cell may name in its first line, `%%bash`, so that the rest of it is in that language. */
const CELL_LANGUAGES: ReadonlySet<string> = new Set([
  ...LANGUAGES.keys(),
  ...['sh', 'python2', 'python3', 'js', 'html', 'latex', 'markdown', 'pypy', 'script', 'svg', 'octave'],
  ...['spark', 'cython', 'c#', 'f#', 'cs', 'fs'],
]);

export interface CellLanguage {
  readonly language: string;
  readonly magicArguments: string;
}

/** What the first line of a cell says of the language of the others; null where it says nothing. */
export function cellLanguage(firstLine: string, main: ScriptLanguage): CellLanguage | null {
  const isCsharp = main.name === 'csharp';
  if (!firstLine.startsWith(isCsharp ? '#!' : '%%')) return null;
  const magic = firstLine.slice(2);
  const space = isCsharp ? -1 : magic.indexOf(' ');
  const language = isCsharp ? magic.trim() : space < 0 ? magic : magic.slice(0, space);
  const magicArguments = space < 0 ? '' : magic.slice(space + 1);
  return CELL_LANGUAGES.has(language) ? { language, magicArguments } : null;
}

/** A line as a comment; an empty one is the sign alone. */
export const commented = (line: string, { comment, commentEnd }: ScriptLanguage): string =>
  [comment, line, commentEnd].filter((part) => part !== '').join(' ');
