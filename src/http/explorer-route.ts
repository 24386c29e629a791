import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { SAFE_HEADERS } from './answer';
import type { PublicRoute } from './route';

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
  const page = Buffer.from(
    renderGraphiQL({
      title: 'Modelgraph',
      endpoint: '/graphql',
      subscriptionsProtocol: 'WS',
      defaultQuery: FIRST_QUERY,
      headers: '{ "authorization": "Bearer " }',
    }),
  );
  return ({ response }) => {
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-length': page.length,
      'x-frame-options': 'DENY',
    });
    response.end(page);
  };
}
