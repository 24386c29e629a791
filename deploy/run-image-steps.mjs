// Runs the steps of deploy/Dockerfile as an engine would, without one: each stage gets a folder for its root, COPY
// copies, RUN runs with the shell in the stage's working folder. What it cannot do is said: the base image is this
// machine's own system.
//   node deploy/run-image-steps.mjs <folder> <stage>
// prints one JSON line: what stands for the base image, the stage's root, environment, user, health check and command.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const [folder, wanted] = process.argv.slice(2);
if (!folder || !wanted) throw new Error('Usage: node deploy/run-image-steps.mjs <folder> <stage>');
const context = resolve(import.meta.dirname, '..');

/** What the context lets through: .dockerignore is a list of exceptions to “nothing”. */
const allowed = readFileSync(join(context, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

const instructions = readFileSync(join(context, 'deploy/Dockerfile'), 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
  .filter((match) => match !== null)
  .map(([, name, rest]) => ({ name, rest: rest.trim() }));

const sources = new Map();
for (const { name, rest } of instructions) {
  const [, from, stage] = name === 'FROM' ? /^(\S+) AS (\S+)$/.exec(rest) : [];
  if (stage) sources.set(stage, { from, steps: [] });
  else [...sources.values()].at(-1)?.steps.push({ name, rest });
}

const built = new Map();
function build(stage) {
  if (built.has(stage)) return built.get(stage);
  const source = sources.get(stage);
  if (!source) throw new Error(`There is no stage “${stage}”.`);
  if (sources.has(source.from)) throw new Error(`${stage} begins from a stage: not supported here.`);
  const image = {
    base: 'this machine’s own system',
    root: join(folder, stage),
    workdir: '/',
    environment: {},
  };
  mkdirSync(image.root, { recursive: true });
  for (const step of source.steps) perform(image, step);
  built.set(stage, image);
  return image;
}

function perform(image, { name, rest }) {
  const here = join(image.root, image.workdir);
  switch (name) {
    case 'WORKDIR':
      image.workdir = rest;
      mkdirSync(join(image.root, rest), { recursive: true });
      return;
    case 'COPY':
      return copy(image, rest);
    case 'RUN':
      process.stderr.write(`[${basename(image.root)}] ${rest}\n`);
      // Like an engine's shell: nothing of the caller's environment but what programs need to be found.
      execFileSync('/bin/sh', ['-c', rest], {
        cwd: here,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...image.environment },
        stdio: ['ignore', 2, 2],
      });
      return;
    case 'ENV':
      for (const [, key, value] of rest.matchAll(/(\w+)=(\S+)/g)) image.environment[key] = value;
      return;
    case 'USER':
      image.user = rest;
      return;
    case 'CMD':
      image.command = JSON.parse(rest);
      return;
    case 'HEALTHCHECK':
      image.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
      return;
    case 'VOLUME':
      image.volume = rest;
      return;
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return;
    default:
      throw new Error(`${name} is not known here: teach it, or the check proves less than it says.`);
  }
}

function copy(image, rest) {
  const words = rest.split(/\s+/);
  const flags = Object.fromEntries(words.filter((w) => w.startsWith('--')).map((w) => w.slice(2).split('=')));
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.pop();
  for (const path of paths) {
    if (!flags.from && !allowed.includes(path))
      throw new Error(`.dockerignore keeps ${path} out of the build.`);
    const from = flags.from ? join(build(flags.from).root, path) : join(context, path);
    if (!existsSync(from)) throw new Error(`COPY ${path}: there is nothing.`);
    const to = join(image.root, image.workdir, target, target.endsWith('/') ? basename(path) : '');
    cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    if (flags.chown) execFileSync('chown', ['-R', flags.chown, to]);
  }
}

process.stdout.write(`${JSON.stringify(build(wanted))}\n`);
