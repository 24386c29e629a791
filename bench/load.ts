import { createInterface } from 'node:readline';
import { Connection, type Answer } from './connection';
import { expectedAnswers, TOLERANCE } from './model';
import { quantile } from './statistics';
import { requestsTo, TARGETS, type TargetName } from './targets';

/** One of so many answers is parsed and compared; every answer must have status 200 and its mark. */
const CHECKED_ONE_IN = 16;

/** What the load is told to do; one a line on its standard input. */
export interface LoadOrder {
  readonly target: TargetName;
  readonly url: string;
  readonly key: string | null;
  readonly concurrency: number;
  readonly durationMs: number;
}

/** What it saw; one a line on its standard output. */
export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were compared with the model's true output; a wrong one ends the load. */
  readonly checkedAnswers: number;
  /** The load's own time on a CPU as a share of one core: near 1 it would be the load that is measured. */
  readonly ownCpuShare: number;
}

async function runLoad({ target, url, key, concurrency, durationMs }: LoadOrder): Promise<LoadReport> {
  const address = new URL(url);
  const requests = requestsTo(target, address, key);
  const connections = await Promise.all(Array.from({ length: concurrency }, () => Connection.open(address)));
  const latenciesMs: number[] = [];
  let next = 0;
  let checkedAnswers = 0;

  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const oneAfterTheOther = async (connection: Connection) => {
    for (let askedAt = startedAt; askedAt - startedAt < durationMs;) {
      const number = next;
      next += 1;
      const question = number % requests.length;
      const answer = await connection.ask(requests[question] ?? Buffer.alloc(0));
      const answeredAt = performance.now();
      latenciesMs.push(answeredAt - askedAt);
      askedAt = answeredAt;
      checkedAnswers += check(target, answer, question, number % CHECKED_ONE_IN === 0);
    }
  };
  try {
    await Promise.all(connections.map(oneAfterTheOther));
  } finally {
    for (const connection of connections) connection.close();
  }
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  latenciesMs.sort((a, b) => a - b);
  return {
    requests: latenciesMs.length,
    requestsPerSecond: (latenciesMs.length / elapsedMs) * 1000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    checkedAnswers,
    ownCpuShare: (user + system) / 1000 / elapsedMs,
  };
}

/** Answers how many answers were compared: 0 or 1. */
function check(name: TargetName, answer: Answer, question: number, isSample: boolean): number {
  const { status, body } = answer;
  const { mark, probabilities } = TARGETS[name];
  if (status !== 200 || !body.includes(mark)) {
    throw new Error(`${name} answered ${status}: ${body.toString('utf8', 0, 500)}`);
  }
  if (!probabilities || !isSample) return 0;
  const actual = probabilities(answer);
  const expected = expectedAnswers[question] ?? [];
  const isRight =
    Array.isArray(actual) &&
    actual.length === expected.length &&
    expected.every((value, at) => Math.abs(value - Number(actual[at])) <= TOLERANCE);
  if (!isRight) {
    throw new Error(
      `${name} gave a wrong answer to row ${question}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)} in ${body.toString('utf8', 0, 500)}`,
    );
  }
  return 1;
}

/** Orders one after the other, until the input ends: the process cannot outlive the one that gives them. */
async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const report = await runLoad(JSON.parse(line) as LoadOrder);
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

void main();
