import { Readable } from 'node:stream';
import { UsageError, type Command, type Terminal } from '../../../src/cli/command';
import { artifactGet } from '../../../src/cli/commands/artifact-get';
import { artifactPut } from '../../../src/cli/commands/artifact-put';
import { cacheWarm } from '../../../src/cli/commands/cache-warm';
import { deploy } from '../../../src/cli/commands/deploy';
import { predict } from '../../../src/cli/commands/predict';
import { runFinish } from '../../../src/cli/commands/run-finish';
import { runLog } from '../../../src/cli/commands/run-log';
import { runStart } from '../../../src/cli/commands/run-start';
import { runsSearch } from '../../../src/cli/commands/runs-search';
import { spoolSend } from '../../../src/cli/commands/spool-send';

/** Of a person who pipes nothing in, with a server that nobody must ask. */
const terminal: Terminal = {
  out: (text) => expect(text).toBe(''),
  err: (text) => expect(text).toBe(''),
  ...{ width: 80, isPerson: true, showsProgress: false, stop: new AbortController().signal },
  environment: { MODELGRAPH_URL: 'http://127.0.0.1:1', MODELGRAPH_KEY: 'key' },
  input: Object.assign(Readable.from([]), { isTTY: true }),
};
const start = ['--experiment', 'e'];

test.each<[Command, string[], RegExp]>([
  [runStart, [], /Expected --experiment/],
  [runStart, ['e', ...start], /Expected no arguments/],
  [runStart, [...start, '--param', 'lr'], /--param: expected key=value, got “lr”/],
  [runStart, [...start, '--tag', 'a=1', '--tag', 'a=2'], /--tag: “a” is there twice/],
  [runStart, [...start, '--timeout', 'soon'], /--timeout: expected a time/],
  [runStart, [...start, '--fast'], /--fast/],
  [runLog, [], /Expected <run>/],
  [runLog, ['x'], /Expected key=value, or lines piped in/],
  [runLog, ['x', 'loss'], /Expected key=number, got “loss”/],
  [runLog, ['x', 'step=3'], /“step=3”: the step of the values goes with --step/],
  [runLog, ['x', 'loss=1', '--step', '1.5'], /--step: expected a whole number/],
  [runLog, ['x', '--step', '1'], /--step goes with values/],
  [runFinish, ['x', '--status', 'done'], /expected finished, failed or killed, got “done”/],
  [runFinish, ['x', 'y'], /Expected <run>/],
  [artifactPut, ['x'], /Expected <run> <file>/],
  [artifactGet, ['x'], /Expected <run> <path>/],
  [artifactGet, ['x', 'a/..'], /does not end with the name of a file/],
  [artifactGet, ['x', 'a\\b'], /does not end with the name of a file/],
  [runsSearch, ['--format', 'xml'], /expected one of table, json, csv, got “xml”/],
  [runsSearch, ['--limit', '0'], /--limit: expected a whole number from 1/],
  [cacheWarm, [], /Expected <endpoint>/],
  [cacheWarm, ['e', '--popular', '1001'], /--popular: expected a whole number from 1 to 1000/],
  [cacheWarm, ['e', '--popular', '1', '--file', 'f'], /Expected either --file or --popular/],
  [deploy, [], /Expected <file>/],
  [deploy, ['m.onnx', '--columns', 'x'], /--columns: expected key=value, got “x”/],
  [deploy, ['m.onnx', '--labels', 'a,,b'], /--labels: expected names with commas between them, got “a,,b”/],
  [deploy, ['m.onnx', '--metric', 'auc=good'], /--metric: expected a number as “auc”, got “good”/],
  [predict, ['--sample', '1'], /Expected <endpoint or model reference>/],
  [predict, ['e'], /Expected --rows, --sample, or lines piped in/],
  [predict, ['e', '--sample', '0'], /--sample: expected a whole number from 1 to 10000/],
  [predict, ['e', '--sample', '1', '--batch', 'all'], /--batch: expected a whole number from 1 to 10000/],
  [predict, ['e', '--rows', 'r', '--sample', '1'], /Expected either --rows or --sample/],
  [spoolSend, ['a', 'b'], /Expected one folder/],
])('$name %j is a wrong command line, and the sentence says where', async (command, args, sentence) => {
  const ended = command.run(args, terminal);
  await expect(ended).rejects.toBeInstanceOf(UsageError);
  await expect(ended).rejects.toThrow(sentence);
});
