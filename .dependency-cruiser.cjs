/**
 * The rank: a folder may import only from those before it, and a feature only by its front door.
 * README.md draws the same order.
 */
const order = [
  ['kernel'],
  ['auth'],
  ['datasets'],
  ['tracking'],
  ['preprocessing'],
  ['registry'],
  ['serving'],
  ['lineage', 'monitoring', 'webhooks'],
  ['pipelines'],
  ['graphql', 'compat'],
  ['http'],
];
/** The same within the largest feature, whose files outside of folders are its doors and stand above all of them. */
const insideServing = [
  ['execution', 'values'],
  ['endpoints', 'inspection'],
  ['worker'],
  ['backends', 'batching', 'gpu'],
  ['fleet', 'predictions'],
  ['cache', 'feedback'],
  ['routing'],
  ['seen'],
  ['asking'],
  ['names'],
  ['deployment', 'warming'],
];
const features = order.slice(1, 9).flat().join('|');
const forbid = (name, from, to) => ({ name, severity: 'error', from, to });

/** Each folder imports only from those before its own row, and never from what stands above all of them. */
const ranked = (parent, order, above) =>
  order.flatMap((folders, place) =>
    folders.map((folder) => {
      const peers = folders.filter((other) => other !== folder).map((other) => `${other}/`);
      const higher = order
        .slice(place + 1)
        .flat()
        .map((other) => `${other}/`);
      const path = `^${parent}/(${[...peers, ...higher, ...above].join('|')})`;
      return forbid(`${folder}-imports-only-below`, { path: `^${parent}/${folder}/` }, { path });
    }),
  );

module.exports = {
  forbidden: [
    ...ranked('src', order, ['client/', 'cli/', 'dashboard/']),
    ...ranked('src/serving', insideServing, ['(?!serving\\.events)[^/]+$']),
    forbid('no-cycles', {}, { circular: true }),
    forbid(
      'front-door-only',
      { path: '^src/([^/]+)/', pathNot: '^src/graphql/' },
      {
        path: `^src/(${features})/`,
        pathNot: ['^src/$1/', '^src/([^/]+)/\\1\\.(ts|errors\\.ts|events\\.ts|graphql\\.ts)$'],
      },
    ),
    forbid(
      'the-schema-joins-graphql-files',
      { path: '^src/graphql/' },
      { path: `^src/(${features})/`, pathNot: ['\\.graphql\\.ts$', '^src/([^/]+)/\\1\\.ts$'] },
    ),
    forbid(
      'graphql-stays-at-the-edge',
      { path: '^src', pathNot: '(\\.graphql\\.ts$|^src/(graphql|http)/)' },
      { path: 'node_modules/(type-graphql|graphql|@apollo)', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'typeorm-stays-in-the-store',
      { path: '^src', pathNot: '(\\.(entity|store|queries)\\.ts$|^src/kernel/)' },
      { path: 'node_modules/typeorm', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'onnxruntime-stays-in-workers',
      { path: '^src', pathNot: '^src/(serving|preprocessing)/worker/' },
      { path: 'node_modules/onnxruntime-node' },
    ),
    forbid(
      'the-server-never-loads-onnxruntime',
      { path: '^src/(main|compose|compose-[a-z]+)\\.ts$' },
      { path: 'node_modules/onnxruntime-node', reachable: true },
    ),
    forbid(
      'duckdb-stays-where-data-is-read',
      { path: '^src', pathNot: '^src/datasets/reading/' },
      { path: 'node_modules/@duckdb' },
    ),
    forbid(
      'the-server-never-loads-duckdb',
      { path: '^src/(main|compose|compose-[a-z]+)\\.ts$' },
      { path: 'node_modules/@duckdb', reachable: true },
    ),
    forbid(
      'clients-use-the-network',
      { path: '^src/(cli|dashboard)/' },
      { path: '^src/(?!(client|cli|dashboard)/)' },
    ),
    forbid('the-client-stands-alone', { path: '^src/client/' }, { path: '^(src/(?!client/)|node_modules/)' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
