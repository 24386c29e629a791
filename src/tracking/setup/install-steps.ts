import type { RunArtifact } from '../run';
import { fileStep, plainStep } from './file-steps';
import type { MissingFact, Part, ReproductionStep } from './reproduction-step';
import type { InstalledPackage, RunEnvironment } from './run-setup';
import { shellPath, shellWord, shellWords } from './shell-words';

/** How something is installed: lines of a shell. */
interface Installer {
  readonly lines: readonly string[];
  /**
   * Where its packages go: into Python's folder beside the code, into one that it makes by itself, or into the code's.
   */
  readonly into: 'python' | 'own' | 'code';
}

const pip = (words: string): Installer => ({ lines: [`python -m pip install ${words} >&2`], into: 'python' });
const own = (...lines: readonly string[]): Installer => ({ lines, into: 'own' });
const code = (line: string): Installer => ({ lines: [line], into: 'code' });

/** By the name of the file that pins the packages; `file` is it as a word of the shell. */
const INSTALLERS: readonly { readonly name: RegExp; readonly of: (file: string) => Installer }[] = [
  { name: /^requirements[\w.-]*\.txt$/, of: (file) => pip(`-r ${file}`) },
  {
    name: /^(conda|environment)[\w.-]*\.ya?ml$/,
    of: (file) =>
      own(
        `conda env create --quiet --prefix "$base/environment" --file ${file} >&2`,
        'PATH=$base/environment/bin:$PATH',
      ),
  },
  { name: /^(package-lock|npm-shrinkwrap)\.json$/, of: () => code('npm ci >&2') },
  { name: /^yarn\.lock$/, of: () => code('yarn install --frozen-lockfile >&2') },
  { name: /^pnpm-lock\.yaml$/, of: () => code('pnpm install --frozen-lockfile >&2') },
  { name: /^uv\.lock$/, of: () => own('uv sync --frozen >&2', 'PATH=$PWD/.venv/bin:$PATH') },
  {
    name: /^poetry\.lock$/,
    of: () => own('poetry install --no-interaction >&2', 'PATH=$(poetry env info --path)/bin:$PATH'),
  },
  { name: /^Pipfile\.lock$/, of: () => own('pipenv sync >&2', 'PATH=$(pipenv --venv)/bin:$PATH') },
];
const installerOf = (path: string): Installer | null =>
  INSTALLERS.find(({ name }) => name.test(baseName(path)))?.of(shellPath(baseName(path))) ?? null;
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What is to be installed, and where it goes. */
interface Plan {
  readonly steps: readonly ReproductionStep[];
  readonly into: readonly Installer['into'][];
  /** What is wrong with it; null where it is all of it. */
  readonly doubt: string | null;
}

/**
 * The language and exactly these packages: by the files that pin them, else by their names and versions, else by what
 * the run's models need, which is less.
 */
export function installSteps(environment: RunEnvironment, modelPins: readonly RunArtifact[]): Part {
  const { steps, into, doubt } = planOf(environment, modelPins);
  return {
    steps: [...languageSteps(environment, into), ...steps],
    missing: [
      ...languageDoubts(environment),
      ...(doubt === null ? [] : [{ kind: 'PACKAGES', message: doubt, isBlocking: false } as const]),
    ],
  };
}

function planOf(environment: RunEnvironment, modelPins: readonly RunArtifact[]): Plan {
  const locks = environment.lockFiles.filter(({ path }) => installerOf(path));
  if (locks.length > 0) return { ...planOfLocks(locks), doubt: null };
  if (environment.packages?.length === 0) return { steps: [], into: [], doubt: null };
  const byName = packagesPlan(environment);
  if (byName) return byName;
  const pins = modelPins.find(({ path }) => path === 'requirements.txt');
  if (pins) return { ...planOfLocks([{ ...pins, path: PINS_FILE }]), doubt: ONLY_OF_MODELS };
  return { steps: [], into: [], doubt: NO_PACKAGES };
}

/** Beside the code's own file of the usual name. */
const PINS_FILE = 'requirements-of-models.txt';
const ONLY_OF_MODELS = 'Only the packages that the run’s models need are known, not all that were installed.';
const NO_PACKAGES = 'Which packages were installed was not told in a form that can be installed.';

function planOfLocks(files: readonly RunArtifact[]): Omit<Plan, 'doubt'> {
  return {
    steps: files.map((file) => {
      const { path } = file;
      const folder = folderOf(path);
      const lines = installerOf(path)?.lines ?? [];
      const inPlace = folder === '' ? lines : [`cd -- ${shellWord(folder)}`, ...lines, 'cd -- "$base/code"'];
      return fileStep('INSTALL_PACKAGES', `Exactly what ${path} pins.`, file, path, inPlace);
    }),
    into: files.flatMap(({ path }) => installerOf(path)?.into ?? []),
  };
}

const VERSION = /^(\d+)\.(\d+)(\.\d+)?/;

/** Python has a folder of its own beside the code, so that nothing of the machine's is changed. */
function languageSteps(
  { language, languageVersion }: RunEnvironment,
  into: readonly Installer['into'][],
): readonly ReproductionStep[] {
  const version = VERSION.exec(languageVersion ?? '');
  const isPython = language === 'python' && !into.includes('own');
  if (isPython || into.includes('python')) {
    const python = version && language === 'python' ? `python${version[1]}.${version[2]}` : 'python3';
    const told = language === 'python' && languageVersion ? languageVersion : '(the version was not told)';
    const lines = [`${python} -m venv "$base/environment"`, '. "$base/environment/bin/activate"'];
    return [plainStep('INSTALL_PACKAGES', `Python ${told}, in a folder of its own.`, lines.join('\n'))];
  }
  if (language !== 'node' || !version) return [];
  const [wanted] = version;
  const warning = `"It ran with Node ${wanted}, this is $(node --version)."`;
  const command = `[ "$(node --version)" = v${wanted} ] || echo ${warning} >&2`;
  return [plainStep('INSTALL_PACKAGES', `Node ${wanted}; that it is another one is told.`, command)];
}

function languageDoubts({ language, languageVersion }: RunEnvironment): readonly MissingFact[] {
  if (language !== null && languageVersion !== null) return [];
  const what = language === null ? 'The language and its version were' : `The version of ${language} was`;
  return [{ kind: 'LANGUAGE', message: `${what} not told.`, isBlocking: false }];
}

/** Names and versions as their installers write them; anything else could be an option or an address. */
const PACKAGE_NAME = /^(@[A-Za-z0-9][\w.-]*\/)?[A-Za-z0-9][\w.-]*(\[[\w.,-]+\])?$/;
const PACKAGE_VERSION = /^[A-Za-z0-9][\w.!+~-]*$/;
const isPlain = ({ name, version }: InstalledPackage): boolean =>
  PACKAGE_NAME.test(name) && PACKAGE_VERSION.test(version);

/** Null where it is not known which, or how. */
function packagesPlan({ packages, packageManager, language }: RunEnvironment): Plan | null {
  const manager = packageManager ?? managerOf(language);
  if (packages === null || !packages.every(isPlain)) return null;
  const words = (joint: string) =>
    shellWords(packages.map(({ name, version }) => `${name}${joint}${version}`));
  const plan = (installer: Installer): Plan => ({
    steps: [
      plainStep('INSTALL_PACKAGES', `Exactly these ${packages.length} packages.`, installer.lines.join('\n')),
    ],
    into: [installer.into],
    doubt: null,
  });
  switch (manager) {
    case 'pip':
      return plan(pip(`--no-deps ${words('==')}`));
    case 'conda':
      return plan(
        own(
          `conda create --quiet --yes --no-deps --prefix "$base/environment" ${words('=')} >&2`,
          'PATH=$base/environment/bin:$PATH',
        ),
      );
    case 'npm':
      return plan(code(`npm install --no-save ${words('@')} >&2`));
    default:
      return null;
  }
}

const managerOf = (language: string | null): string | null =>
  language === 'python' ? 'pip' : language === 'node' ? 'npm' : null;
