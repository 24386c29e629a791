import type * as Graphiql from '@graphql-yoga/render-graphiql';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { SAFE_HEADERS } from '../kernel/http/http-answer';
import type { PublicRoute } from '../kernel/http/http-exchange';

const compress = promisify(gzip);

/** What the explorer shows before anybody has typed. */
const FIRST_QUERY = `# Modelgraph. Put your key under “Headers” below:
#   { "authorization": "Bearer mg_…" }      (the key is in model-store/admin.key)
query Overview {
  models(first: 10) { nodes { name aliases { name version { number } } } }
  endpoints(first: 10) { nodes { name variants { name ref weight } } }
}
`;

/** `GET /`: the GraphQL explorer, from this server alone; it works without the internet. */
export function explorerRoute(): PublicRoute {
  let page: Promise<Page> | undefined;
  return async ({ request, response }) => {
    page ??= renderPage();
    const { plain, gzipped } = await page;
    const isGzip = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
    const body = isGzip ? gzipped : plain;
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.length,
      'x-frame-options': 'DENY',
      vary: 'accept-encoding',
      ...(isGzip && { 'content-encoding': 'gzip' }),
    });
    response.end(body);
  };
}

interface Page {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/** When somebody first asks: it is 9 MB of script, which a server that nobody explores need not even read. */
async function renderPage(): Promise<Page> {
  const { renderGraphiQL } = createRequire(__filename)('@graphql-yoga/render-graphiql') as typeof Graphiql;
  const html = renderGraphiQL({
    title: 'Modelgraph',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    defaultQuery: FIRST_QUERY,
    headers: '{ "authorization": "Bearer " }',
  });
  const plain = Buffer.from(html);
  return { plain, gzipped: await compress(plain) };
}
