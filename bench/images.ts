import type { Bench, Measured } from './benchmark';
import { deploy } from './deploy';
import { imageModelFile } from './image-model';
import { IMAGES_ENDPOINT } from './image-targets';
import { startFastApi } from './python-peer';
import { ratioFigure, Rounds, seenOf, type Asked } from './rounds';
import type { TargetName } from './targets';
import { NO_POSTGRESQL, withTwoServers } from './two-servers';

const CONCURRENCIES = [16, 64] as const;
/** At some 200 requests/s for each server the engine takes 10 s of them until all that is hot is compiled. */
const FULL = { rounds: 5, roundMs: 1_500, warmUpMs: 10_000 };
const QUICK = { rounds: 2, roundMs: 1_000, warmUpMs: 1_000 };

const TARGETS: readonly TargetName[] = [
  'image-graphql',
  'fastapi-image-base64',
  'image-v2-binary',
  'fastapi-image-bytes',
];
const PLAIN_TARGETS: readonly TargetName[] = ['image-v2-binary', 'image-v2-json'];

const asked = (concurrency: number): readonly Asked[] => [
  {
    what: `GraphQL predict, an image of 600 kB in base64, ${concurrency} at a time, two processes each, against FastAPI`,
    target: 'image-graphql',
    peer: 'fastapi-image-base64',
    ratio: 0.9,
  },
  {
    what: `V2 REST binary, an image of 600 kB as bytes, ${concurrency} at a time, two processes each, against FastAPI`,
    target: 'image-v2-binary',
    peer: 'fastapi-image-bytes',
    ratio: 1,
  },
];
const ASKED_PLAIN: Asked = {
  what: 'V2 REST binary, an image of 600 kB, 16 at a time, against the same as numbers in JSON',
  target: 'image-v2-binary',
  peer: 'image-v2-json',
  ratio: 10,
};

/** Large tensors: a model of some milliseconds, so that what carries 600 kB to it counts as much as running it. */
export async function benchImages(bench: Bench): Promise<Measured> {
  const { roundMs, rounds: count, warmUpMs } = bench.isQuick ? QUICK : FULL;
  return withTwoServers(
    bench,
    (first) => deploy(first, { name: IMAGES_ENDPOINT, model: imageModelFile() }),
    async (ours) => {
      const absent = ours ? undefined : NO_POSTGRESQL;
      const python = await startFastApi(bench, 2);
      const rounds = new Rounds(bench, {
        ...(ours && { 'image-graphql': ours, 'image-v2-binary': ours, 'image-v2-json': ours }),
        ...(python && { 'fastapi-image-base64': python, 'fastapi-image-bytes': python }),
      });
      const targets = rounds.present(TARGETS);
      for (const target of targets) await rounds.ask(target, CONCURRENCIES[0], warmUpMs);
      const measured = [];
      for (const concurrency of CONCURRENCIES) {
        const turns = await rounds.inTurn({ targets, concurrency, rounds: count, roundMs });
        measured.push({ concurrency, turns });
      }
      const plainTargets = rounds.present(PLAIN_TARGETS);
      const plain = await rounds.inTurn({
        targets: plainTargets,
        concurrency: CONCURRENCIES[0],
        rounds: count,
        roundMs,
      });
      return {
        figures: [
          ...measured.flatMap(({ concurrency, turns }) =>
            asked(concurrency).flatMap((one) => ratioFigure(one, turns)),
          ),
          ...ratioFigure(ASKED_PLAIN, plain),
        ],
        seen: [
          ...measured.flatMap(({ concurrency, turns }) =>
            TARGETS.map((target) =>
              seenOf(`images: ${target}, ${concurrency} at a time`, target, turns, absent),
            ),
          ),
          seenOf('images: image-v2-json, 16 at a time', 'image-v2-json', plain, absent),
        ],
        details: { roundMs, measured, plain },
      };
    },
  );
}
